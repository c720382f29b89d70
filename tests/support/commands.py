"""What a command answered: status, stdout and stderr, looked at as people and machines do."""

import json


def told(result):
    assert result.status == 0, result.err
    return json.loads(result.out)


def refused(result, status, *words):
    assert result.status == status, result.out + result.err
    assert result.out == ""
    assert result.err.count("\n") == 1
    for word in words:
        assert word in result.err
