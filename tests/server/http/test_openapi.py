"""The OpenAPI document: well-formed, complete, and true of real replies."""

import json

import pytest

from server.http.app import create_app
from server.http.openapi import document
from server.version import VERSION
from tests.end_to_end import post, small_request

UNFINISHED = 501


@pytest.fixture
async def client(aiohttp_client):
    return await aiohttp_client(create_app())


@pytest.fixture(scope="module")
def served():
    return json.loads(json.dumps(document()))


def nodes(value, path="#"):
    """Every object of the document with its place."""
    if isinstance(value, dict):
        yield path, value
        for name, item in value.items():
            yield from nodes(item, f"{path}/{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from nodes(item, f"{path}/{index}")


def resolved(reference, whole):
    found = whole
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    return found


KINDS = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
    "object": (dict,),
    "array": (list,),
}


def fits(value, schema, whole):
    """Whether a value has the shape of a schema; objects may hold no unknown keys."""
    if "$ref" in schema:
        return fits(value, resolved(schema["$ref"], whole), whole)
    if "anyOf" in schema:
        return any(fits(value, choice, whole) for choice in schema["anyOf"])
    kind = schema.get("type")
    if isinstance(value, bool):
        return kind in {None, "boolean"}
    if kind is not None and not isinstance(value, KINDS[kind]):
        return False
    if "properties" in schema:
        return fits_properties(value, schema, whole)
    return kind != "array" or all(fits(item, schema.get("items", {}), whole) for item in value)


def fits_properties(value, schema, whole):
    known, required = schema["properties"], set(schema.get("required", ()))
    return required <= value.keys() <= known.keys() and all(
        fits(item, known[name], whole) for name, item in value.items()
    )


async def test_the_document_is_served_as_it_is(client, served):
    response = await client.get("/openapi.json")

    assert response.status == 200
    assert await response.json() == served


def test_the_document_is_openapi_3_1(served):
    assert served["openapi"].startswith("3.1.")
    assert served["info"]["version"] == VERSION
    assert served["info"]["title"]
    for path, methods in served["paths"].items():
        assert path.startswith("/")
        for method, operation in methods.items():
            assert method in {"get", "post"}
            assert operation["summary"]
            assert "200" in operation["responses"]
            for code, response in operation["responses"].items():
                assert code.isdecimal()
                assert response["description"]


def test_every_reference_resolves(served):
    references = [node["$ref"] for _, node in nodes(served) if "$ref" in node]

    assert references
    assert all(isinstance(resolved(reference, served), dict) for reference in references)


def test_every_schema_is_used(served):
    references = {node["$ref"] for _, node in nodes(served) if "$ref" in node}

    defined = {f"#/components/schemas/{name}" for name in served["components"]["schemas"]}
    assert defined == references


async def test_every_finished_route_is_documented_and_no_other(client, served):
    routes = {
        (route.resource.canonical, route.method.lower())
        for route in client.app.router.routes()
        if route.method != "HEAD"
    }
    documented = {(path, method) for path, methods in served["paths"].items() for method in methods}

    assert documented <= routes
    for path, method in routes - documented:
        assert (await client.request(method, path)).status == UNFINISHED


@pytest.mark.parametrize("path", ["/health", "/status", "/openapi.json"])
async def test_what_can_be_read_fits_its_schema(client, served, path):
    response = await client.get(path)

    schema = served["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    assert fits(await response.json(), schema["schema"], served)


async def test_a_real_request_and_its_reply_fit_their_schemas(client, served):
    operation = served["paths"]["/optimize"]["post"]
    request = small_request(unknown=1, grid={"max_import_w": 100}, horizon_hours=4)

    status, reply = await post(client, request)

    del request["unknown"]
    assert status == 200
    assert reply["warnings"]
    due = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert fits(reply, due, served)
    assert fits(request, operation["requestBody"]["content"]["application/json"]["schema"], served)


async def test_a_reply_holds_every_key_that_its_schema_requires(client, served):
    _, reply = await post(client, small_request())

    schema = resolved("#/components/schemas/OptimizeReply", served)
    assert set(schema["required"]) == set(reply)
    for name in ("schedule", "summary", "certificate"):
        part = resolved(schema["properties"][name]["$ref"], served)
        assert set(part["required"]) == set(reply[name])


@pytest.mark.parametrize(
    ("body", "code"), [({}, "400"), (small_request(interval_minutes=0), "400")]
)
async def test_an_error_fits_its_schema(client, served, body, code):
    status, reply = await post(client, body)

    responses = served["paths"]["/optimize"]["post"]["responses"]
    assert str(status) == code
    assert fits(reply, responses[code]["content"]["application/json"]["schema"], served)
