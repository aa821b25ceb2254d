from __future__ import annotations

from steersman.api.storage.rules import validate_driver_name, validate_parameters


def test_names_of_drivers_have_any_case() -> None:
    assert validate_driver_name("Example.com/Driver", "provisioner") == []
    assert validate_driver_name("", "provisioner") == []
    assert str(validate_driver_name("Bad!", "provisioner")[0]).startswith('provisioner: Invalid value: "bad!": ')


def test_parameters_are_limited_in_number_and_size() -> None:
    def texts(parameters: dict[str, str], *, allow_empty: bool = True) -> list[str]:
        return [str(error) for error in validate_parameters(parameters, "parameters", allow_empty=allow_empty)]

    assert texts({str(i): "" for i in range(513)}) == ["parameters: Too long: may not be more than 512 bytes"]
    assert texts({"": "x" * 262144, "a": ""}) == [
        'parameters: Invalid value: "": field can not be empty.',
        "parameters: Too long: may not be more than 262144 bytes",
    ]
    assert texts({}) == []
    assert texts({}, allow_empty=False) == ["parameters: Required value: must contain at least one key/value pair"]
