"""livecomp.protocol: what a frame may hold."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecomp import protocol
from livecomp.constants import PROTOCOL_VERSION, CloseCode, ErrorCode
from livecomp.exceptions import ProtocolError

CLIENT = Path(__file__).parent.parent / "js" / "src"


def test_each_message_is_decoded_to_its_own_type() -> None:
    frame = '[["join",1,["t"],["p",3],"/"],["event",1,"c0","add",{"by":2},{"value":"x"}],["set",2,"c0",{"q":"x"}],'
    frame += '["url",3,"/?q=x"],["ack",4],["render",""],["ping"]]'
    assert [type(message) for message in protocol.decode(frame)] == list(protocol.CLIENT_MESSAGES)


BAD_FRAMES = [
    "",
    "{",
    "null",
    "[]",
    "{}",
    "3",
    '"event"',
    '["nope"]',
    '["event"]',
    '["event",1,"c0","add"]',
    '["event",1,"c0","add",{},{},{}]',
    '["event","1","c0","add",{}]',
    '["event",true,"c0","add",{}]',
    '["event",1.5,"c0","add",{}]',
    '["event",1,"c0","add",[]]',
    '["event",1,"c0","add",{"a":NaN}]',
    '["event",1,"c0","add",{"a":Infinity}]',
    '["event",1,"c0","add",{"a":1e999}]',
    '["join",1,["\\u0000"],null,"/"]',
    '["event",-1,"c0","add\\u0000",{}]',
    '["event",1,"c0","add",{},[["a"]]]',
    '["event",1,"c0","add",{},[["a",1]]]',
    '["event",99999999999999999999,"c0","add",{}]',
    '["ack",9' + "9" * 5000 + "]",
    "[" * 100_000,
    '[["ping"],["nope"]]',
    "[" + ",".join(['["ping"]'] * 51) + "]",
]


@pytest.mark.parametrize(
    "frame",
    [
        '["event",7,"c0","add\\u0000",{}]',
        '["event",7,"c0","add",{"a":' + "[" * 20 + "]" * 20 + "}]",
        '["event",7,"c0","add",{"a":' + "[" * 100_000 + "]" * 100_000 + "}]",
        '["event",7,"c0","add",{"a":100000000000000000000}]',
        '["set",7,"c0",{"a":{"b":-100000000000000000000}}]',
    ],
    ids=lambda frame: frame[:30],
)
def test_a_numbered_message_with_unusable_values_is_answered_in_its_turn(frame: str) -> None:
    (message,) = protocol.decode(frame)
    assert isinstance(message, protocol.Unreadable)
    assert (message.ref, message.component) == (7, "c0")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a\\ud83d", "a�"),
        ("\\udE00b", "�b"),
        ("\\uD83D\\uD83D\\uDE00\\uDE00", "�😀�"),
        ("\\ud83d\\u0041", "�A"),
        ("\\\\ud83d\\ud83d", "\\ud83d�"),
    ],
)
def test_half_a_character_is_replaced_as_in_the_form_of_a_browser(text: str, read: str) -> None:
    (message,) = protocol.decode(f'["set",1,"c0",{{"a":"{text}"}}]')
    assert isinstance(message, protocol.Set)
    assert message.values == {"a": read}


def test_a_nul_in_a_value_is_for_the_component_or_a_form_to_refuse() -> None:
    (message,) = protocol.decode('["event",1,"c0","add",{"a":"\\u0000"},[["b","\\u0000"]]]')
    assert isinstance(message, protocol.Event)
    assert (message.args, message.offered) == ({"a": "\x00"}, [("b", "\x00")])


@pytest.mark.parametrize("frame", BAD_FRAMES, ids=lambda frame: frame[:30])
def test_t1_t2_t3_t4_t9_other_frames_are_refused(frame: str) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(frame)


def test_t5_of_duplicate_keys_the_last_wins() -> None:
    (message,) = protocol.decode('["event",1,"c0","add",{"by":1,"by":2}]')
    assert isinstance(message, protocol.Event)
    assert message.args == {"by": 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["event", "join", "set"]),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@given(JSON)
def test_t2_any_json_is_decoded_or_refused(value: Any) -> None:
    try:
        messages = protocol.decode(json.dumps(value))
    except ProtocolError:
        return
    assert messages


@given(st.text())
def test_t1_any_text_is_decoded_or_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        protocol.decode(text)


def test_t4_what_is_sent_is_strict_json() -> None:
    frame = protocol.encode(protocol.patch(1, 2, [("c0.1", '>é"\n')], [("push", "x", {"n": float("nan")}, "c0")]))

    def refuse(constant: str) -> Any:
        raise AssertionError(constant)

    assert json.loads(frame, parse_constant=refuse) == [
        "patch",
        1,
        2,
        [["c0.1", '>é"\n']],
        [["push", "x", {"n": None}, "c0"]],
    ]


def test_a_reply_to_a_counter_takes_at_most_45_bytes() -> None:
    frame = protocol.encode(protocol.patch(12, 7, [("c0.1", ">42")], []))
    assert len(frame.encode()) + 2 <= 45  # two bytes of WebSocket frame header


def test_the_client_has_the_same_table() -> None:
    source = (CLIENT / "protocol.ts").read_text()
    server = [message.__struct_config__.tag for message in protocol.CLIENT_MESSAGES]
    for names in (server, list(protocol.SERVER_MESSAGES)):
        places = [re.search(rf"\b{name}\b", source) for name in names]
        assert all(places), dict(zip(names, places, strict=True))
    constants = (CLIENT / "constants.ts").read_text()
    assert re.search(rf"PROTOCOL_VERSION\s*=\s*{PROTOCOL_VERSION}\b", constants)
    for code in (CloseCode.SIGNED_OUT, CloseCode.VERSION_CHANGED):
        assert str(int(code)) in constants


def test_error_codes_are_words() -> None:
    assert all(code.value.isidentifier() for code in ErrorCode)
