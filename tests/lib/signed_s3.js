// SPDX-FileCopyrightText: Rostrum contributors
// SPDX-License-Identifier: LGPL-2.1-or-later

// node signed_s3.js DIRECTORY PORT BUCKET ID SECRET: s3rver, which keeps objects like S3 but takes every version 4
// signature, behind a check of them by aws4.

import aws4 from 'aws4';
import S3rver from 's3rver';

const [directory, port, bucket, accessKeyId, secretAccessKey] = process.argv.slice(2);
const kMaxSkewMs = 15 * 60 * 1000;

const compactTime = (text) => Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));

function signedHeader({ method, url, headers }) {
  const copied = Object.fromEntries(['host', 'x-amz-date', 'x-amz-content-sha256'].map((name) => [name, headers[name]]));
  if (Math.abs(compactTime(copied['x-amz-date']) - Date.now()) > kMaxSkewMs) return '';
  const region = headers.authorization.split('/')[2];
  return aws4.sign({ service: 's3', region, method, path: url, headers: copied }, { accessKeyId, secretAccessKey }).headers.Authorization;
}

function signedUrl({ method, url, headers }) {
  const given = new URL(url, 'http://any');
  const query = given.searchParams;
  const date = query.get('X-Amz-Date');
  if (compactTime(date) + Number(query.get('X-Amz-Expires')) * 1000 < Date.now()) return '';
  const region = query.get('X-Amz-Credential').split('/')[2];
  const path = `${given.pathname}?X-Amz-Date=${date}&X-Amz-Expires=${query.get('X-Amz-Expires')}`;
  const request = { service: 's3', region, method, path, headers: { host: headers.host }, signQuery: true };
  return new URL(aws4.sign(request, { accessKeyId, secretAccessKey }).path, 'http://any').searchParams.get('X-Amz-Signature');
}

function isSigned(request) {
  const { headers, url } = request;
  if (headers.authorization) {
    const parts = (text) => text.replaceAll(', ', ',');
    return parts(headers.authorization) === parts(signedHeader(request));
  }
  return url.includes('X-Amz-Signature=') && new URL(url, 'http://any').searchParams.get('X-Amz-Signature') === signedUrl(request);
}

const app = new S3rver({ directory, port: Number(port), address: '127.0.0.1', silent: true, configureBuckets: [{ name: bucket }] });
app.middleware.unshift(async (context, next) => {
  if (isSigned(context.req)) return next();
  context.status = 403;
  context.type = 'application/xml';
  context.body = '<Error><Code>SignatureDoesNotMatch</Code><Message>The signature is wrong.</Message></Error>';
});
await app.run();
console.log('listening');
