"""What a command answered: status, stdout and stderr, looked at as people and machines do."""

import json

from tests.support.spelling import check_spelling


def read_document(result):
    assert result.status == 0, result.err
    return json.loads(result.out)


def refused(result, status, *words):
    assert result.status == status, result.out + result.err
    assert result.out == ""
    assert without_notes(result.err).count("\n") == 1
    for word in words:
        assert word in result.err


def without_notes(err):
    """Return what a command wrote to stderr, without its remarks."""
    remarks = ("note: ", '{"note"')
    return "".join(line for line in err.splitlines(True) if not line.startswith(remarks))


def check_documents(arguments, printed):
    """Read every document that a command printed under `--json` against the one spelling."""
    if "--json" not in [str(argument) for argument in arguments]:
        return
    if printed.out:
        check_spelling(json.loads(printed.out))
    for line in printed.err.splitlines():
        document = json.loads(line)
        if "event" in document:  # a log line has names of its own
            continue
        assert set(document) in ({"error"}, {"note"})
        check_spelling(document)
