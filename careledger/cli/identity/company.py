"""What the commands of a company share: who asks, from which database, and the files that come back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from careledger.cli.identity.desk import Desk
from careledger.cli.identity.files import issuer_with
from careledger.files import read_file
from careledger.identity.credentials.policy import VerifierPolicy
from careledger.identity.exchange.answer import MAX_FILE_BYTES, Answer
from careledger.identity.exchange.company import Company


@contextmanager
def open_company(
    desk: Desk, identity: str, policy: VerifierPolicy, key: Path | None = None
) -> Iterator[Company]:
    """Open a company's store, to ask and read in its name.

    Args:
        identity: its did:ethr or address.
        key: file with a private JWK of its document; the settings' key when None.

    Raises:
        Conflict: its document does not list the key.

    """
    issuer = issuer_with(desk, desk.identity(identity), key)
    with desk.store() as store:
        yield Company(
            issuer,
            desk.registry,
            desk.consents.using(desk.sender),
            desk.statuses,
            store=store,
            policy=policy,
            lock=desk.lock,
            verifiers=desk.verifiers,
        )


def read_answer(file: Path) -> Answer:
    """Read an answer file.

    Raises:
        InputError: it cannot be read.
        MalformedAnswer: it is none.

    """
    return Answer.read(read_file(file, "answer", MAX_FILE_BYTES))
