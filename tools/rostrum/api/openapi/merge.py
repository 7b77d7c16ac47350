#!/usr/bin/env python3
# SPDX-FileCopyrightText: Rostrum contributors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""merge.py VERSION OUT FRAGMENT…: one OpenAPI document of the fragments, the first of which holds what is common.

`x-answers` of the common one are answers that the HTTP layer or the check of the token gives for every operation: they are
added wherever an operation does not describe its own. So are idempotency keys, which every POST but those of WHIP and WHEP takes. Ends with an error when two fragments define the same thing, when a
reference leads nowhere, or when something is defined that nothing refers to.
"""

import json
import sys

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


def refuse(message):
    sys.exit(f"openapi: {message}")


def read(path):
    def unique(pairs):
        names = [name for name, _ in pairs]
        for name in names:
            if names.count(name) > 1:
                refuse(f"{path}: '{name}' is there twice")
        return dict(pairs)

    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file, object_pairs_hook=unique)
    except ValueError as error:
        refuse(f"{path}: {error}")


def add(target, source, where, depth):
    """Puts the members of `source` into `target`; down to `depth` levels of objects are shared between fragments."""
    for name, value in source.items():
        if name not in target:
            target[name] = value
        elif depth > 0:
            add(target[name], value, f"{where}/{name}", depth - 1)
        else:
            refuse(f"{where}/{name} is defined in two fragments")


def operations(document):
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item, item[method]


def takes_input(item, operation):
    return "requestBody" in operation or operation.get("parameters") or item.get("parameters")


def is_idempotent(document, path, method, operation):
    media = {"whip", "whep"} & set(path.split("/"))
    return method == "post" and operation.get("security", document["security"]) and not media


def add_idempotency(operation):
    operation.setdefault("parameters", []).append({"$ref": "#/components/parameters/Idempotency-Key"})
    for status, response in operation["responses"].items():
        if status.startswith("2") and "$ref" not in response:
            response.setdefault("headers", {})["Idempotent-Replayed"] = {"$ref": "#/components/headers/Idempotent-Replayed"}


def add_common_answers(document):
    common = document.pop("x-answers")
    for path, method, item, operation in operations(document):
        answers = dict(common["always"])
        if is_idempotent(document, path, method, operation):
            add_idempotency(operation)
            answers |= common["idempotent"]
        if operation.get("security", document["security"]):
            answers |= common["token"]
        if takes_input(item, operation):
            answers |= common["input"]
        if "requestBody" in operation:
            answers |= common["body"]
        responses = operation["responses"]
        for status, answer in answers.items():
            responses.setdefault(status, answer)
        operation["responses"] = dict(sorted(responses.items()))
        for response in responses.values():
            if "$ref" not in response:
                response.setdefault("headers", {}).update(common["headers"])
    for response in document["components"]["responses"].values():
        response.setdefault("headers", {}).update(common["headers"])


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def check(document):
    used = set(references(document))
    for reference in used:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            node = node.get(step.replace("~1", "/").replace("~0", "~"), {})
        if not node:
            refuse(f"{reference} leads nowhere")
    for kind, members in document["components"].items():
        for name in members:
            if kind != "securitySchemes" and f"#/components/{kind}/{name}" not in used:
                refuse(f"nothing refers to #/components/{kind}/{name}")
    ids = [operation.get("operationId") for *_, operation in operations(document)]
    for path, method, _, operation in operations(document):
        name = operation.get("operationId")
        if not name or ids.count(name) > 1:
            refuse(f"{method} {path} needs an operationId of its own")
        for tag in operation["tags"]:
            if tag not in (known["name"] for known in document["tags"]):
                refuse(f"{method} {path}: there is no tag '{tag}'")


def main(version, out, *fragments):
    document = read(fragments[0])
    document["info"]["version"] = version
    for path in fragments[1:]:
        add(document, read(path), "", 2)
    add_common_answers(document)
    check(document)
    with open(out, "w", encoding="utf-8") as file:
        json.dump(document, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


main(*sys.argv[1:])
