"""The form in which definitions are judged and printed."""

from __future__ import annotations

from steersman.api.apiextensions.definition_form import go_fields, go_schema, go_versions, internal_spec

from .definitions import definition, judge, version


def test_paths_are_those_of_a_version_where_versions_differ() -> None:
    wrong = {"type": "object", "properties": {"s": {"type": "x"}}}
    one = judge(definition([version(schema=wrong)]))
    assert one[0].startswith("spec.validation.openAPIV3Schema.properties[s].type: Unsupported value")
    two = judge(definition([version(schema=wrong), version("v2", storage=False)]))
    assert two[0].startswith("spec.versions[0].schema.openAPIV3Schema.properties[s].type: Unsupported value")


def test_versions_are_printed_as_go_would() -> None:
    (error,) = judge(definition([version(storage=False, additionalPrinterColumns=[{"name": "N", "type": "date"}])]))[:1]
    assert error.startswith('spec.versions: Invalid value: [{"Name":"v1","Served":true,"Storage":false,')
    assert '"Schema":null' in error, "what all versions share is said elsewhere"


def test_what_all_versions_share_is_hoisted() -> None:
    column = {"name": "N", "type": "date", "jsonPath": ".n"}
    versions = [version(additionalPrinterColumns=[column]), version("v2", storage=False, subresources={"status": {}})]
    made = internal_spec(definition(versions)["spec"])
    assert made["version"] == "v1"
    assert made["validation"] == {"openAPIV3Schema": {"type": "object"}}
    assert "subresources" not in made
    assert [sorted(item) for item in made["versions"]] == [
        ["additionalPrinterColumns", "name", "served", "storage"],
        ["name", "served", "storage", "subresources"],
    ]
    assert internal_spec({}) == {}


def test_schemas_are_printed_with_gos_names() -> None:
    schema = {
        "type": "object",
        "additionalProperties": True,
        "items": {"type": "string"},
        "x-kubernetes-validations": [{"rule": "true"}],
        "dependencies": {"a": ["b"]},
    }
    made = go_schema(schema)
    assert list(made)[:5] == ["ID", "Schema", "Ref", "Description", "Type"]
    assert made["AdditionalProperties"] == {"Allows": True, "Schema": None}
    assert made["Items"]["Schema"]["Type"] == "string"
    assert made["Dependencies"] == {"a": {"Schema": None, "Property": ["b"]}}
    assert made["XValidations"][0]["OptionalOldSelf"] is None
    assert go_fields(schema) == ["Type", "Items", "AdditionalProperties", "Dependencies", "XValidations"]
    assert go_versions([]) is None
