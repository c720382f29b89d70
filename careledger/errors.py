"""Everything that CareLedger raises on purpose.

```
CareLedgerError
+-- SettingsError      an option, environment variable or file says something that cannot be used
|   +-- InputError     a record in an input file or an argument is malformed
+-- ToolchainError     the compiler, a chain binary or an artifact is missing
+-- CompileError       solc refused the contracts
+-- NodeError          the node cannot be reached, answered nonsense, or refuses
|   +-- Unreachable    no answer came through: whether the node did what was asked is open
|   +-- LogsRefused    the node refuses the events of one single block
|   +-- WrongChain     the node serves another chain than the one recorded
|   +-- SendError      a transaction could not be handed over or was not mined in time
|   +-- NoFunds        the sending account cannot pay for the transaction
+-- Reverted           a contract refused; one subclass per contract error, arguments as attributes
+-- SignatureError     a signature is malformed or does not fit its signer
+-- ProofError         a proof, receipt or record does not verify
+-- StoreError         the database cannot be used
+-- NotFound           the thing asked for is not there
+-- Conflict           the thing is there already, or is in another state than assumed
```

The message says in one sentence what was wrong and what to do about it. Code never matches on the
text of a message: it catches the class and reads its attributes.
"""


class CareLedgerError(Exception):
    """The root: catch this to catch everything that CareLedger raises on purpose."""


class SettingsError(CareLedgerError):
    """An option, environment variable or file says something that cannot be used."""


class InputError(SettingsError):
    """A record in an input file or an argument is malformed."""


class ToolchainError(CareLedgerError):
    """The compiler, a chain binary or an artifact is missing."""


class CompileError(CareLedgerError):
    """solc refused the contracts."""


class NodeError(CareLedgerError):
    """The node cannot be reached, answered nonsense, or refuses."""


class Unreachable(NodeError):
    """No answer came through: whether the node did what was asked is open."""


class LogsRefused(NodeError):
    """The node refuses the events of one single block."""


class WrongChain(NodeError):
    """The node serves another chain than the one recorded."""


class SendError(NodeError):
    """A transaction could not be handed over or was not mined in time."""


class NoFunds(NodeError):
    """The sending account cannot pay for the transaction."""


class SignatureError(CareLedgerError):
    """A signature is malformed or does not fit its signer."""


class ProofError(CareLedgerError):
    """A proof, receipt or record does not verify."""


class StoreError(CareLedgerError):
    """The database cannot be used."""


class NotFound(CareLedgerError):
    """The thing asked for is not there."""


class Conflict(CareLedgerError):
    """The thing is there already, or is in another state than assumed."""
