from __future__ import annotations

import pytest

from steersman.apiserver.authn.token_file import TokenFile, TokenFileError, parse_token_file, read_token_file
from steersman.apiserver.authn.user import User

from .identities import NOW


def test_reads_columns_quotes_and_blank_lines():
    users = parse_token_file('t1,alice,u1,"devs,ops"\n\nt2,bob,\n"t,3",carol,u3,one\n')
    assert users == {
        "t1": User("alice", "u1", ("devs", "ops")),
        "t2": User("bob"),
        "t,3": User("carol", "u3", ("one",)),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,c\nx,y\n", 'tokens.csv, line 2: 2 columns; needed are token,user,uid and optionally "group1,group2"'),
        ("a,b,c\n\n,y,z\n", "tokens.csv, line 3: the token is empty"),
        ("a,,c\n", "tokens.csv, line 1: the user name is empty"),
        ("a,b,c\na,d,e\n", "tokens.csv, line 2: the same token as on an earlier line"),
        ('a,b,"c', "tokens.csv, line 1: not CSV"),
    ],
)
def test_errors_name_the_line_and_never_the_token(text, message):
    with pytest.raises(TokenFileError) as caught:
        parse_token_file(text, name="tokens.csv")
    assert str(caught.value).startswith(message)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(TokenFileError, match=r"absent.csv: cannot be read"):
        read_token_file(tmp_path / "absent.csv")


def test_tokens_are_good_for_the_api_server_only():
    proof = TokenFile(users={"t": User("u")}, audiences=("api", "other"))
    assert proof.authenticate_token("t", ("api",), NOW).audiences == ("api",)
    assert proof.authenticate_token("t", ("elsewhere",), NOW) is None
    assert proof.authenticate_token("x", ("api",), NOW) is None
