import pytest

from scopecraft.config.yaml_file import dump_yaml, load_with_lines, load_yaml
from scopecraft.errors import BadWorkflow

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (name, name, b",".join([b"*%c" % (name - 1)] * 9)) for name in b"bcdefghi"
)


def refusal(text: bytes, where: str = "w.yaml") -> str:
    with pytest.raises(BadWorkflow) as refused:
        load_yaml(text, where)
    return refused.value.message


def test_yaml_and_json_say_the_same() -> None:
    assert load_yaml(b"a:\n  - 1\n  - no\n  - 2024-05-06\n", "w.yaml") == {"a": [1, "no", "2024-05-06"]}
    assert load_yaml(b'{"a": [1, "no", "2024-05-06"]}', "w.json") == {"a": [1, "no", "2024-05-06"]}
    assert load_yaml(b"{a: 1, b: [x]}", "w.yaml") == {"a": 1, "b": ["x"]}
    assert load_yaml(b"\xef\xbb\xbf", "w.yaml") is None


def test_an_alias_stands_for_what_it_names() -> None:
    assert load_yaml(b"a: &x {k: 1}\nb: *x\nc: {<<: *x, l: 2}", "w.yaml") == {
        "a": {"k": 1},
        "b": {"k": 1},
        "c": {"k": 1, "l": 2},
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"a: 1\nb: [1\nc: 2\n", "w.yaml:3: "),
        (b"a: 1\nb: 2\na: 3\n", "w.yaml:3: a key stands twice: "),
        (b'{"a": 1, "a": 2}', "the key a stands twice"),
        (b"a: !!python/object/apply:os.system [id]", "w.yaml:1: could not determine a constructor"),
        (b"a: !!binary aGk=", "w.yaml:1: "),
        (b"a: !!bool maybe", "a value does not fit its type"),
        (b"? - {a: b}\n: c", "a key is no text"),
        (b"a: !!int ''", "a value does not fit its type"),
        (b"%YAML 1.1\n---\na: no\n", "this is YAML 1.1, and 1.2 is read here"),
        (b"a: 1\n---\nb: 1\n", "single document"),
        (b"a: 1\nb: \xff\n", "w.yaml:2: this is not UTF-8"),
        (b"1: a", "the key 1 is no text"),
        (b'"\\ud800"', "half a character"),
        (b'["\\ud800"]', "half a character"),
        (BOMB, "aliases that stand for as many"),
        (b"a: &a [*a]", "within itself"),
        (b"a: &a {<<: *a}", "within itself"),
        (b"a: &a {k: 1, l: 2}\nb: {<<: [" + b",".join([b"*a"] * 20_000) + b"]}", "merges (<<) come to too much"),
        (b"[" * 30_000, "deeper than 60 levels"),
        (b"[" * 100 + b"]" * 100, "deeper than 60 levels"),
        (b"a: " + b"9" * 9999, "digits"),
        (b"#" * (257 * 1024), "larger than 256 KiB"),
    ],
)
def test_what_is_no_plain_document_is_refused_with_the_reason(text: bytes, told: str) -> None:
    assert told in refusal(text)


def test_bad_json_is_told_with_its_line() -> None:
    assert refusal(b'{\n"a": 1,\n}', "w.json").startswith("w.json:3: this is not JSON")


def test_each_value_has_its_line() -> None:
    value, lines = load_with_lines(b"steps:\n  - id: a\n  - id: b\n    needs: [a,\n      c]\n", "w.yaml")
    assert value["steps"][1]["needs"] == ["a", "c"]
    assert lines["steps", 1] == 3
    assert lines["steps", 1, "needs"] == 4
    assert lines["steps", 1, "needs", 1] == 5


def test_what_is_written_reads_back_and_is_fit_for_people() -> None:
    value = {"steps": [{"z": "no", "a": "one\ntwo\n"}], "date": "2024-05-06", "empty": []}
    text = dump_yaml(value)
    assert load_yaml(text.encode(), "w.yaml") == value
    assert "a: |" in text
    assert text.index("z:") < text.index("a:")
