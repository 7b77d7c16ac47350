# SPDX-FileCopyrightText: Rostrum contributors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""JSON Schemas as HTML tables."""

import json
import re
from html import escape

KEYWORDS = {
    "minimum": "from {}", "maximum": "to {}", "exclusiveMaximum": "below {}", "minLength": "at least {} characters",
    "maxLength": "at most {} characters", "minItems": "at least {}", "maxItems": "at most {}", "pattern": "like {}",
    "format": "{}", "default": "default {}",
}  # fmt: skip


def prose(text):
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))
    return re.sub(r"(?<![\w*])\*([^*\n]+)\*(?!\w)", r"<em>\1</em>", text)


def code_block(text):
    return f'<div class="code"><pre><code>{escape(text, quote=False)}</code></pre></div>'


class Schemas:
    def __init__(self, document):
        self.document = document

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def required(self, needed):
        return ' <span class="required">required</span>' if needed else ""

    def type_of(self, schema):
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return f'<a class="type" href="#schema-{name}">{name}</a>'
        if "const" in schema:
            return f'<code class="value">{escape(json.dumps(schema["const"]))}</code>'
        if "enum" in schema:
            return " | ".join(f'<code class="value">{escape(json.dumps(one))}</code>' for one in schema["enum"])
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema and "type" not in schema:
                return " | ".join(self.type_of(one) for one in schema[keyword])
        if schema.get("type") == "array":
            return f'list of {self.type_of(schema["items"])}' if schema.get("items") else '<span class="type">list</span>'
        kinds = schema.get("type", "object" if "allOf" in schema or "properties" in schema else "anything")
        return f'<span class="type">{" | ".join(kinds) if isinstance(kinds, list) else kinds}</span>'

    def limits_of(self, schema):
        words = []
        for keyword, words_of in KEYWORDS.items():
            if keyword in schema:
                value = schema[keyword]
                shown = f"<code>{escape(str(value))}</code>" if keyword in ("pattern", "default") else escape(str(value))
                words.append(words_of.format(shown).replace(" 1 characters", " 1 character"))
        return f' <span class="limits">{", ".join(words)}</span>' if words else ""

    def members(self, schema):
        """All properties, with those of allOf: [(name, schema, required)]."""
        schema = self.resolve(schema)
        found, required = {}, set()

        def take(one):
            one = self.resolve(one)
            for part in one.get("allOf", []):
                take(part)
            found.update(one.get("properties", {}))
            required.update(one.get("required", []))

        take(schema)
        return [(name, value, name in required) for name, value in found.items()]

    def inner(self, schema):
        """What can be opened below a member."""
        target = schema
        if schema.get("type") == "array":
            target = schema.get("items", {})
        for one in target.get("anyOf", []):
            if one.get("type") != "null":
                target = one
                break
        if "$ref" in target:
            name = target["$ref"].rsplit("/", 1)[1]
            if not self.members(target):
                return ""
            return f'<details class="inner" data-schema="{name}"><summary>{name}</summary></details>'
        rows = self.table(target)
        return f'<details class="inner"><summary>members</summary>{rows}</details>' if rows else ""

    def table(self, schema):
        rows = ""
        for name, member, required in self.members(schema):
            text = member.get("description") or self.resolve(member).get("description", "")
            rows += (
                f'<tr><th><code>{escape(name)}</code>{self.required(required)}</th><td>{self.type_of(member)} '
                f"{prose(text)}{self.limits_of(self.resolve(member))}{self.inner(member)}</td></tr>"
            )
        return f'<table class="members">{rows}</table>' if rows else ""

    def body(self, schema, whole=False):
        """Of a request, an answer, or (`whole`) a schema by itself."""
        target = self.resolve(schema)
        text = target.get("description", "") if whole else ""
        head = f"<p>{prose(text)}</p>" if text else ""
        rows = self.table(schema)
        if target.get("type") == "array" or not rows:
            kind = target if whole else schema
            head += f'<p class="kind">{self.type_of(kind)}{self.limits_of(target)}</p>{self.inner(target)}'
        elif not whole and "$ref" in schema:
            head += f'<p class="kind">{self.type_of(schema)}</p>'
        return head + rows
