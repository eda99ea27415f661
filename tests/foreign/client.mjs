// A county system written for Node: pushes, is corrected, pulls, looks around.
//
// Usage: client.mjs ADDRESS COUNTY PERIOD PROTO_FOLDER ROOT FOLDER, where ROOT is the node's root and
// FOLDER holds what `liandong cert` made for the caller. Exits with 0 only when the node did all that a
// caller relies on.
//
// With `stranger` at the end the node must have nothing to do with whoever shows what is in FOLDER (-
// for nobody); what it said is printed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const INDICATOR = 'compulsory-dropouts';
const [address, county, period, protos, root, folder, how] = process.argv.slice(2);

const options = { includeDirs: [protos], keepCase: true, longs: Number, enums: String };
const files = ['progress', 'rollup'].map((noun) => `liandong/${noun}/v1/${noun}.proto`);
const { liandong } = grpc.loadPackageDefinition(loader.loadSync(files, options));

const deadline = () => ({ deadline: Date.now() + 30_000 });

function equal(what, got, expected) {
  assert.deepEqual(got, expected, what);
  console.log(`node: ${what}: ${JSON.stringify(got)}`);
}

/** Calls a method that takes one message and answers with one. */
function call(client, method, request, metadata = new grpc.Metadata()) {
  return promisify(client[method]).call(client, request, metadata, deadline());
}

/** Calls a method that takes a stream of messages and answers with one. */
function upload(client, method, requests) {
  return new Promise((resolve, reject) => {
    const stream = client[method](new grpc.Metadata(), deadline(), (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
    requests.forEach((request) => stream.write(request));
    stream.end();
  });
}

const report = (source, numerator, more = {}) =>
  ({ source, indicator: INDICATOR, period, numerator, ...more });

async function push(credentials) {
  const client = new liandong.progress.v1.ProgressService(address, credentials);
  const rows = [report(`${county}-003`, 3), report(`${county}-004`, 4), report('500243', 1)];
  const request = { batch: { id: 'node-1', by: 'node', rows } };
  const answer = await call(client, 'PushReports', request);
  equal('accepted', answer.counts.accepted, 2);
  equal('refused', answer.counts.refused, 1);
  const [refused] = answer.outcomes;
  equal('refused row', refused.row, 3);
  equal('reason', refused.refusal.reason, 'NO_RIGHT');
  equal('field', refused.refusal.field, 'source');
  equal('value', refused.refusal.value, '500243');

  const fixes = [3, 4].map((unit) => {
    const row = report(`${county}-00${unit}`, 10, { id: `node-fix-${unit}` });
    return { batch: { id: `node-up-${unit}`, by: 'node', rows: [row] } };
  });
  const uploaded = await upload(client, 'UploadReports', fixes);
  equal('uploaded batches', uploaded.batches, 2);
  equal('superseded by the upload', uploaded.counts.superseded, 2);
  client.close();
}

async function pull(credentials) {
  const client = new liandong.rollup.v1.RollupService(address, credentials);
  const { rows } = await call(client, 'GetRollup', { region: county, indicator: INDICATOR, period });
  // The Python client's two units have 12 between them.
  equal('roll-up', rows.map(({ sums }) => [sums.numerator, sums.reported]), [[32, 4]]);
  const wrong = { region: county, indicator: INDICATOR, period: '2025-13' };
  const error = await call(client, 'GetRollup', wrong).catch((refused) => refused);
  equal('status of a wrong period', error.code, grpc.status.INVALID_ARGUMENT);
  const details = error.metadata.get('grpc-status-details-bin');
  equal('details', details.length, 1);
  equal('the field is in the details', details[0].includes('period'), true);
  client.close();
}

/** The services that a reflection service of this name lists. */
function reflected(name, credentials) {
  const text = (value) => Buffer.from(value);
  // list_services is field 7: a length-delimited text.
  const listAll = Buffer.concat([Buffer.from([0x3a, 1]), text('*')]);
  const client = new grpc.Client(address, credentials);
  const path = `/${name}/ServerReflectionInfo`;
  const same = (bytes) => bytes;
  const stream = client.makeBidiStreamRequest(path, same, same, new grpc.Metadata(), deadline());
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('data', (answer) => {
      resolve(answer.includes(text('liandong.progress.v1.ProgressService')));
      stream.end();
      client.close();
    });
    stream.write(listAll);
  });
}

async function health(credentials) {
  const client = new grpc.Client(address, credentials);
  const name = Buffer.from('liandong.rollup.v1.RollupService');
  const request = Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const same = (bytes) => bytes;
  const answer = await new Promise((resolve, reject) => {
    const done = (error, bytes) => (error ? reject(error) : resolve(bytes));
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', same, same, request, deadline(), done);
  });
  client.close();
  // status is field 1, and SERVING is 1.
  return [...answer];
}

/** Asks for something; it is not answered, and nothing is said of what there is. */
async function beRefused(credentials) {
  const client = new liandong.rollup.v1.RollupService(address, credentials);
  const asked = { region: county, indicator: INDICATOR, period };
  const error = await call(client, 'GetRollup', asked).catch((refused) => refused);
  const known = [grpc.status.UNAVAILABLE, grpc.status.UNAUTHENTICATED];
  equal('refused', known.includes(error.code), true);
  console.log(`node: heard: ${error.details}`);
  client.close();
}

/** What is shown to the node, and by what the node is known. */
function shown() {
  const own = (name) => (folder === '-' ? null : readFileSync(`${folder}/${name}`));
  return grpc.credentials.createSsl(readFileSync(root), own('key.pem'), own('certificate.pem'));
}

const credentials = shown();
if (how === 'stranger') {
  await beRefused(credentials);
} else {
  await push(credentials);
  await pull(credentials);
  equal('reflection v1', await reflected('grpc.reflection.v1.ServerReflection', credentials), true);
  equal(
    'reflection v1alpha',
    await reflected('grpc.reflection.v1alpha.ServerReflection', credentials),
    true,
  );
  equal('health', await health(credentials), [8, 1]);
  console.log('node: all well');
}
