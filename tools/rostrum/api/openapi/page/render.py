#!/usr/bin/env python3
# SPDX-FileCopyrightText: Rostrum contributors
# SPDX-License-Identifier: LGPL-2.1-or-later
"""render.py OPENAPI STYLE SCRIPT OUT: the document as one HTML page that needs nothing else, no network and, but for
search and nested schemas, no script.
"""

import base64
import hashlib
import json
import re
import sys
from html import escape

from schema import Schemas, code_block, prose

ERROR = {"$ref": "#/components/schemas/Error"}
METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
REASONS = {
    101: "Switching Protocols", 200: "OK", 201: "Created", 204: "No Content", 206: "Partial Content", 302: "Found",
    304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
    403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 409: "Conflict", 410: "Gone",
    412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
    422: "Unprocessable Content", 428: "Precondition Required", 429: "Too Many Requests", 500: "Internal Server Error",
    501: "Not Implemented", 503: "Service Unavailable",
}  # fmt: skip


def slug(text):
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def badge(method):
    return f'<span class="method {method}">{method.upper()}</span>'


class Page:
    def __init__(self, document):
        self.document = document
        self.schemas = Schemas(document)

    def resolve(self, node):
        while "$ref" in node:
            kind, name = node["$ref"].split("/")[-2:]
            node = self.document["components"][kind][name]
        return node

    def operations(self, tag):
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if tag in item.get(method, {}).get("tags", []):
                    yield path, method, item, item[method]

    # The parts of an operation.

    def parameters(self, *lists):
        rows = []
        for parameter in (self.resolve(one) for one in sum(lists, [])):
            schema = parameter["schema"]
            text = parameter.get("description") or self.schemas.resolve(schema).get("description", "")
            rows.append(
                f'<tr><th><code>{escape(parameter["name"])}</code> <span class="where">{parameter["in"]}</span>'
                f'{self.schemas.required(parameter.get("required"))}</th>'
                f'<td>{self.schemas.type_of(schema)} {prose(text)}{self.schemas.limits_of(schema)}</td></tr>'
            )
        return f'<h4>Parameters</h4><table class="members">{"".join(rows)}</table>' if rows else ""

    def content(self, content):
        parts = []
        for kind, media in content.items():
            schema = media.get("schema", {})
            whole = self.schemas.body(schema)
            example = media.get("example")
            parts.append(f'<p class="type"><code>{escape(kind)}</code></p>{whole}')
            if example is not None:
                parts.append(code_block(json.dumps(example, indent=2, ensure_ascii=False)))
        return "".join(parts)

    def header_list(self, response):
        headers = "".join(
            f"<li><code>{escape(name)}</code>: {prose(self.resolve(header).get('description', ''))}</li>"
            for name, header in sorted(response.get("headers", {}).items())
            if self.resolve(header).get("description") and name != "X-Request-Id"
        )
        return f"<ul>{headers}</ul>" if headers else ""

    def response(self, status, response):
        response = self.resolve(response)
        refused = ERROR in (one.get("schema") for one in response.get("content", {}).values())
        content = "" if refused else self.content(response.get("content", {}))
        inner = ("" if refused else self.header_list(response)) + content
        good = "good" if status[0] in "123" else "bad"
        reason = REASONS.get(int(status), "") if status.isdigit() else ""
        line = f'<b class="{good}">{status}</b> <span class="reason">{reason}</span> {prose(response["description"])}'
        if not inner:
            return f'<p class="response">{line}</p>'
        shown = " open" if good == "good" else ""
        return f'<details class="response"{shown}><summary>{line}</summary><div>{inner}</div></details>'

    def is_common(self, response):
        return "$ref" in response and {"schema": ERROR}.items() <= self.resolve(response).get("content", {}).get("application/json", {}).items()

    def responses(self, responses):
        common = [
            f'<a href="#answer-{one["$ref"].rsplit("/", 1)[1]}" title="{REASONS.get(int(status), "")}">{status}</a>'
            for status, one in responses.items()
            if self.is_common(one)
        ]
        own = "".join(self.response(status, one) for status, one in responses.items() if not self.is_common(one))
        return own + (f'<p class="response">And the usual refusals: {", ".join(common)}.</p>' if common else "")

    def security(self, operation):
        ways = operation.get("security", self.document["security"])
        if not any(ways):
            return '<p class="auth">No token.</p>'
        names = {"token": "a token", "tokenInQuery": "a token as <code>?token=</code>", "signedLink": "a signed link"}
        words = [names[name] for way in ways for name in way] + (["nothing"] if {} in ways else [])
        return f'<p class="auth">Needs {" or ".join(words)}.</p>'

    def curl(self, path, method, operation):
        ways = operation.get("security", self.document["security"])
        lines = [f"curl{' -X ' + method.upper() if method not in ('get', 'post') else ''} \"$ROSTRUM{path}\""]
        if any("token" in way for way in ways):
            lines.append('-H "Authorization: $TOKEN"')
        body = operation.get("requestBody")
        if body:
            kind, media = next(iter(body["content"].items()))
            lines.append(f"-H 'Content-Type: {kind}'")
            if kind == "application/json":
                text = json.dumps(media.get("example", {}), ensure_ascii=False)
                lines.append("-d '" + text.replace("'", "'\\''") + "'")
            else:
                lines.append("--data-binary @" + ("offer.sdp" if kind.endswith("sdp") else "fragment.sdp"))
        elif method == "post":
            lines[0] = lines[0].replace("curl", "curl -X POST", 1)
        return code_block(" \\\n  ".join(lines))

    def operation(self, path, method, item, operation):
        shown = re.sub(r"\{(\w+)\}", r'<span class="variable">{\1}</span>', escape(path))
        body = operation.get("requestBody")
        need = "" if not body or body.get("required") else ' <span class="where">optional</span>'
        request = f"<h4>Body{need}</h4>{self.content(body['content'])}" if body else ""
        return (
            f'<article id="{operation["operationId"]}" data-find="{escape((method + " " + path + " " + operation["summary"]).lower())}">'
            f'<h3><a href="#{operation["operationId"]}">{badge(method)} <code class="path">{shown}</code></a></h3>'
            f'<p class="summary">{prose(operation["summary"])}</p>'
            f'<p>{prose(operation.get("description", ""))}</p>{self.security(operation)}'
            f'{self.curl(path, method, operation)}'
            f'{self.parameters(item.get("parameters", []), operation.get("parameters", []))}'
            f"{request}<h4>Answers</h4>{self.responses(operation['responses'])}</article>"
        )

    # The sections.

    def tag_section(self, tag):
        articles = "".join(self.operation(*one) for one in self.operations(tag["name"]))
        if not articles:
            return ""
        return f'<section id="{slug(tag["name"])}"><h2>{escape(tag["name"])}</h2><p>{prose(tag["description"])}</p>{articles}</section>'

    def events_section(self):
        articles = ""
        for ref in self.document["components"]["schemas"]["Event"]["oneOf"]:
            schema = self.resolve(ref)
            name = schema["properties"]["event"]["const"]
            articles += (
                f'<article id="event-{name}" data-find="event {name}"><h3><a href="#event-{name}"><code class="path">{name}</code></a></h3>'
                f'<p>{prose(schema.get("description", ""))}</p>{self.schemas.body(schema["properties"]["data"])}</article>'
            )
        command = self.schemas.body({"$ref": "#/components/schemas/Command"})
        return (
            '<section id="event-frames"><h2>Event frames</h2><p>What is told on the <a href="#join">event connection</a>: '
            '<code>{"event", "seq", "timestamp", "data"}</code>. The tables show <code>data</code>.</p>'
            f'{articles}<article id="commands" data-find="commands"><h3><a href="#commands">Commands</a></h3>'
            f"<p>What is sent on it.</p>{command}</article></section>"
        )

    def webhooks_section(self):
        articles, common = "", []
        for name, item in self.document["webhooks"].items():
            operation = item["post"]
            common = operation["parameters"]
            data = operation["requestBody"]["content"]["application/json"]["schema"]["properties"]["data"]
            articles += (
                f'<article id="webhook-{name}" data-find="webhook {name} {escape(operation["summary"].lower())}">'
                f'<h3><a href="#webhook-{name}"><code class="path">{name}</code></a></h3>'
                f'<p class="summary">{prose(operation["summary"])}</p><p>{prose(operation.get("description", ""))}</p>'
                f"{self.schemas.body(data)}</article>"
            )
        return (
            '<section id="webhook-types"><h2>Webhook types</h2><p>POST to the room\'s <code>webhook.endPoint</code>, an operation\'s '
            "<code>webhookUrl</code> and the server's own. Anything but 2xx is repeated with growing pauses; 410 ends it. "
            f"The tables show <code>data</code>.</p>{self.parameters(common)}"
            f'<h4>Body</h4>{self.schemas.body({"$ref": "#/components/schemas/WebhookBody"})}{articles}</section>'
        )

    def refusals(self):
        """What each of the usual refusals means."""
        statuses = {}
        for tag in self.document["tags"]:
            for *_, operation in self.operations(tag["name"]):
                for status, one in operation["responses"].items():
                    if self.is_common(one):
                        statuses[one["$ref"].rsplit("/", 1)[1]] = status
        rows = ""
        for name, status in sorted(statuses.items(), key=lambda each: each[::-1]):
            response = self.document["components"]["responses"][name]
            examples = [media["example"] for media in response["content"].values() if "example" in media]
            said = f' <q>{escape(examples[0]["message"])}</q>' if examples else ""
            rows += (
                f'<tr id="answer-{name}"><th><b class="bad">{status}</b> <span class="reason">{REASONS.get(int(status), "")}</span></th>'
                f'<td>{prose(response["description"])}{said}{self.header_list(response)}</td></tr>'
            )
        return f'<h4>The usual refusals</h4><table class="members">{rows}</table>'

    def errors_section(self):
        rows = "".join(
            f'<tr><th><code>{one["const"]}</code></th><td><code>{one["title"]}</code> {prose(one.get("description", ""))}</td></tr>'
            for one in self.document["components"]["schemas"]["ErrorCode"]["anyOf"]
            if "const" in one
        )
        example = {"code": 4002, "message": "The token has expired", "requestId": "06f3a1f0a9b04a4c"}
        return (
            '<section id="errors"><h2>Errors</h2><p>Every refusal is JSON. <code>code</code> is the HTTP status, or one of these '
            f'numbers.</p>{code_block(json.dumps(example))}{self.refusals()}<h4>Numbers</h4><table class="members">{rows}</table></section>'
        )

    def schemas_section(self):
        parts = "".join(
            f'<details class="schema" id="schema-{name}" data-find="{name.lower()}"><summary><code>{name}</code></summary>'
            f'<div class="whole">{self.schemas.body(schema, True)}</div></details>'
            for name, schema in sorted(self.document["components"]["schemas"].items())
        )
        return f'<section id="schemas"><h2>Schemas</h2>{parts}</section>'

    def index(self):
        def entry(target, label):
            return f'<li><a href="#{target}">{label}</a></li>'

        groups = []
        for tag in self.document["tags"]:
            links = [
                entry(op["operationId"], f'{badge(method)} <span>{escape(op["summary"])}</span>')
                for _, method, _, op in self.operations(tag["name"])
            ]
            if links:
                groups.append((slug(tag["name"]), tag["name"], links))
        events = [one["$ref"].rsplit(".", 1)[1] for one in self.document["components"]["schemas"]["Event"]["oneOf"]]
        groups.append(("event-frames", "Event frames", [entry(f"event-{name}", name) for name in events]))
        groups.append(("webhook-types", "Webhook types", [entry(f"webhook-{name}", name) for name in self.document["webhooks"]]))
        groups.append(("errors", "Errors", []))
        groups.append(("schemas", "Schemas", []))
        return "".join(
            f'<li class="group"><a class="tag" href="#{target}">{escape(name)}</a><ul>{"".join(links)}</ul></li>'
            for target, name, links in groups
        )

    def intro(self):
        info, scheme = self.document["info"], self.document["components"]["securitySchemes"]["token"]
        return (
            f'<section id="intro"><h1>{escape(info["title"])} API <small>{escape(info["version"])}</small></h1>'
            f'<p class="lead">{prose(info["summary"])}</p><p>{prose(info["description"])}</p>'
            f'<h4>Tokens</h4><p>{prose(scheme["description"])}</p>'
            "<p>The examples read the server's address from <code>$ROSTRUM</code> and a token from <code>$TOKEN</code>:</p>"
            + code_block('ROSTRUM=https://live.example.org\nTOKEN=$(rostrum token --room abcd-efgh-ijkl)')
            + "</section>"
        )

    def whole(self, style, script):
        sections = "".join(self.tag_section(tag) for tag in self.document["tags"])
        sections += self.events_section() + self.webhooks_section() + self.errors_section() + self.schemas_section()
        policy = f"default-src 'none'; img-src data:; style-src '{digest(style)}'; script-src '{digest(script)}'; base-uri 'none'"
        title = escape(f'{self.document["info"]["title"]} API')
        return (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<link rel="icon" href="data:,">\n'
            f"<style>{style}</style>\n</head>\n<body>\n"
            '<header><a class="name" href="#intro">Rostrum API</a>'
            '<input id="search" type="search" placeholder="Search" aria-label="Search" autocomplete="off">'
            '<button id="theme" type="button" aria-label="Light or dark">◐</button>'
            '<button id="menu" type="button" aria-expanded="false" aria-controls="index">Index</button></header>\n'
            f'<nav id="index" aria-label="Index"><ul>{self.index()}</ul><p id="nothing" hidden>Nothing is called like that.</p></nav>\n'
            f"<main>{self.intro()}\n{sections}</main>\n<script>{script}</script>\n</body>\n</html>\n"
        ).replace("<p></p>", "")


def digest(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main(document, style, script, out):
    page = Page(json.loads(read(document))).whole(read(style), read(script))
    with open(out, "w", encoding="utf-8") as file:
        file.write(page.replace("><article", ">\n<article").replace("><section", ">\n<section").replace("><tr", ">\n<tr"))


main(*sys.argv[1:])
