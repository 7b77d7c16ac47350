// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

import fs from 'node:fs';

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

/** Of OpenAPI, beside those of JSON Schema. */
const kVocabulary = ['components', 'info', 'openapi', 'paths', 'security', 'servers', 'tags', 'webhooks', 'x-frames', 'x-rest'];

/** What HTTP itself needs, and CORS, which every answer may have: the API does not describe them. */
const kPlainHeaders = /^(allow|connection|content-length|content-type|date|keep-alive|server|transfer-encoding|vary|access-control-.*)$/;

/** An OpenAPI 3.1 document as a judge of what was really said. Every method returns what is wrong, or "". */
export class OpenApi {
  #validators = new Map();

  constructor(document) {
    this.document = document;
    this.ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true, validateSchema: false });
    this.ajv.addVocabulary(kVocabulary);
    addFormats.default(this.ajv);
    this.ajv.addSchema(document, 'openapi');
    this.paths = Object.keys(document.paths).map((path) => ({ path, pattern: patternOf(path, document.paths[path]) }));
    this.paths.sort((a, b) => variables(a.path) - variables(b.path));
  }

  static read(file) {
    return new OpenApi(JSON.parse(fs.readFileSync(file, 'utf8')));
  }

  /** @returns {{path: string, parameters: object, operation?: object}|null} */
  find(method, pathname) {
    for (const { path, pattern } of this.paths) {
      const found = pathname.replace(/(?<=.)\/+$/, '').match(pattern);
      if (!found) continue;
      const item = this.document.paths[path];
      const wanted = method === 'HEAD' ? 'get' : method.toLowerCase();
      return { path, item, values: found.groups ?? {}, operation: item[wanted], pointer: `/paths/${escaped(path)}/${wanted}` };
    }
    return null;
  }

  /**
   * Judges a request and its answer.
   * @param {{method: string, url: URL, headers: Headers, body?: string|null}} request body null: not known
   * @param {{status: number, headers: Headers, body?: string|null}} response
   */
  faults(request, response) {
    const faults = [...this.#responseFaults(request, response)];
    if (response.status < 400) faults.push(...this.#requestFaults(request));
    return faults.map((fault) => `${request.method} ${request.url.pathname}${request.url.search} → ${response.status}: ${fault}`);
  }

  *#responseFaults(request, response) {
    const found = this.find(request.method, request.url.pathname);
    if (!found) return yield* this.#unknown(response, 404);
    if (!found.operation) {
      if (request.method !== 'OPTIONS') return yield* this.#unknown(response, 405);
      if (response.status !== 204) yield 'OPTIONS answers 204';
      if (!response.headers.get('allow')) yield 'an answer to OPTIONS has Allow';
      return;
    }
    const [answer, pointer] = this.#resolve(found.operation.responses[response.status], `${found.pointer}/responses/${response.status}`);
    if (!answer) return yield `the status is not described for ${found.path}`;
    yield* this.#headerFaults(answer, pointer, response.headers);
    yield* this.#contentFaults(answer.content, pointer, request.method === 'HEAD' ? { ...response, body: null } : response);
  }

  /** What is not described is not there. */
  *#unknown(response, status) {
    if (response.status === 400 && !response.headers.get('content-type')) return; // no HTTP at all
    if (![status, 501].includes(response.status)) return yield `the ${status === 404 ? 'path' : 'method'} is not described`;
    yield* this.#contentFaults({ 'application/json': {} }, '/components/responses/NotFound', response);
  }

  *#headerFaults(answer, pointer, headers) {
    const described = new Map(Object.keys(answer.headers ?? {}).map((name) => [name.toLowerCase(), name]));
    for (const [name, value] of headers) {
      if (!described.has(name)) {
        if (!kPlainHeaders.test(name)) yield `the header ${name} is not described`;
        continue;
      }
      const [, at] = this.#resolve(answer.headers[described.get(name)], `${pointer}/headers/${described.get(name)}`);
      yield* this.#schemaFaults(`${at}/schema`, fromText(value, this.#at(`${at}/schema`)), `header ${name}`);
    }
    for (const [lower, name] of described) {
      const [header] = this.#resolve(answer.headers[name], '');
      if (header.required && !headers.has(lower)) yield `the header ${name} is missing`;
    }
  }

  *#contentFaults(content, pointer, { headers, body }) {
    const type = headers.get('content-type')?.split(';')[0].trim().toLowerCase();
    if (!content) {
      if (body) yield `a body (${body.slice(0, 100)}), where none is described`;
      return;
    }
    if (!type || !content[type]) return yield `the content type ${type} is not described, but ${Object.keys(content)}`;
    if (typeof body !== 'string') return;
    let value = body;
    if (type === 'application/json') {
      try {
        value = JSON.parse(body);
      } catch (error) {
        return yield `the body is no JSON: ${error.message}`;
      }
    }
    yield* this.#schemaFaults(`${pointer}/content/${escaped(type)}/schema`, value, 'the body');
  }

  *#requestFaults({ method, url, headers, body }) {
    const found = this.find(method, url.pathname);
    if (!found?.operation) return;
    const described = new Map();
    for (const [at, list] of [
      [`/paths/${escaped(found.path)}`, found.item.parameters],
      [found.pointer, found.operation.parameters],
    ])
      for (const [i, one] of (list ?? []).entries()) {
        const [parameter, pointer] = this.#resolve(one, `${at}/parameters/${i}`);
        described.set(`${parameter.in} ${parameter.name}`, { parameter, pointer });
      }
    const security = found.operation.security ?? this.document.security;
    const inQuery = security.flatMap(Object.keys).map((name) => this.document.components.securitySchemes[name]);
    const keys = new Set(inQuery.filter((scheme) => scheme.in === 'query').map((scheme) => scheme.name));
    const given = new Map(Object.entries(found.values).map(([name, value]) => [`path ${name}`, decodeURIComponent(value)]));
    for (const [name, value] of url.searchParams) {
      if (!described.has(`query ${name}`) && !keys.has(name)) yield `the query parameter ${name} is not described`;
      given.set(`query ${name}`, value);
    }
    for (const [name, value] of headers) given.set(`header ${name}`, value);
    for (const [key, { parameter, pointer }] of described) {
      const value = given.get(parameter.in === 'header' ? key.toLowerCase() : key);
      if (value === undefined || value === '') {
        if (parameter.required) yield `the ${key} is missing`;
      } else yield* this.#schemaFaults(`${pointer}/schema`, fromText(value, this.#at(`${pointer}/schema`)), `the ${key}`);
    }
    yield* this.#sentFaults(found, headers, body);
  }

  *#sentFaults({ operation, pointer }, headers, body) {
    if (typeof body !== 'string' || (!body && !operation.requestBody?.required)) return;
    if (!operation.requestBody) return yield body.length > 0 ? 'a body was sent, where none is described' : '';
    const type = headers.get('content-type')?.split(';')[0].trim().toLowerCase();
    const content = operation.requestBody.content[type];
    if (!content) return yield `a body of ${type} was taken, where only ${Object.keys(operation.requestBody.content)} is described`;
    const at = `${pointer}/requestBody/content/${escaped(type)}/schema`;
    const value = type === 'application/json' ? JSON.parse(body || '{}') : body;
    yield* this.#schemaFaults(at, value, 'the request');
    if (value && typeof value === 'object') yield* this.#schemaFaults(at, value, 'the request', true);
  }

  /** @param {string} type of a webhook @param {object} body */
  webhookFaults(type, body, headers) {
    const pointer = `/webhooks/${escaped(type)}`;
    const item = this.document.webhooks?.[type];
    if (!item) return [`the webhook ${type} is not described`];
    const [, at] = this.#resolve(item.post.requestBody, `${pointer}/post/requestBody`);
    const faults = [...this.#schemaFaults(`${at}/content/application~1json/schema`, body, 'the body')];
    for (const one of item.post.parameters ?? []) {
      const [parameter] = this.#resolve(one, '');
      if (parameter.required && !headers[parameter.name.toLowerCase()]) faults.push(`the header ${parameter.name} is missing`);
    }
    return faults.map((fault) => `webhook ${type}: ${fault}`);
  }

  /** @param {object} message a frame of an event connection */
  eventFaults(message) {
    const name = `Event ${message.event}`;
    const schema = (this.document.components.schemas.Event?.oneOf ?? []).find(({ $ref }) => this.#at($ref.slice(1)).properties.event.const === message.event);
    if (!schema) return [`${name}: it is not described`];
    return [...this.#schemaFaults(schema.$ref.slice(1), message, name)];
  }

  /** @param {boolean} [whole] members that are not described are faults too */
  *#schemaFaults(pointer, value, what, whole = false) {
    const key = `${pointer} ${whole}`;
    if (!this.#validators.has(key)) {
      const $ref = `openapi#${pointer.replace(/[{}]/g, encodeURIComponent)}`;
      this.#validators.set(key, this.ajv.compile(whole ? { $ref, unevaluatedProperties: false } : { $ref }));
    }
    const validate = this.#validators.get(key);
    if (validate(value)) return;
    for (const { instancePath, message, params } of validate.errors.slice(0, 6))
      yield `${what}${instancePath} ${message} ${JSON.stringify(params)}, it is ${JSON.stringify(value)?.slice(0, 600)}`;
  }

  #at(pointer) {
    const schema = pointer
      .slice(1)
      .split('/')
      .reduce((node, step) => node[step.replaceAll('~1', '/').replaceAll('~0', '~')], this.document);
    return schema.$ref ? this.#at(schema.$ref.slice(1)) : schema;
  }

  #resolve(node, pointer) {
    return node?.$ref ? [this.#at(node.$ref.slice(1)), node.$ref.slice(1)] : [node, pointer];
  }
}

const escaped = (text) => text.replaceAll('~', '~0').replaceAll('/', '~1');
const variables = (path) => path.split('{').length - 1 + (path.includes('/{path}') ? 10 : 0);

/** A parameter or header as its schema wants it. */
function fromText(value, { type }) {
  return type === 'integer' || type === 'number' ? Number(value) : value;
}

function patternOf(path, item) {
  const takesRest = (name) => item.parameters?.some((one) => one.name === name && one['x-rest']);
  const source = path.replace(/[.]/g, '\\$&').replace(/\{(\w+)\}/g, (_, name) => `(?<${name}>${takesRest(name) ? '.+' : '[^/]+'})`);
  return new RegExp(`^${source}$`);
}
