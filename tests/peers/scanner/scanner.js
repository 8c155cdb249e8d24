// A scanner of another maker for the tests: asks for its worklist, begins a step and ends it, with dcmjs-dimse.
//
//   node scanner.js '{"port": 11112, "ae_title": "CT1", "called": "TRIAGE", "do": [{"verb": "find"}, ...]}'
//
// Each thing to do is a call of its own. Prints a list of what was answered: for "find" the items, for "create" and
// "set" the status. Sends what it is given and judges nothing; what should come is said in tests/worklist/test_dimse.py.
//
// The library takes the status Pending FF01 for the end of a list; ours answers FF00.
'use strict';

const dimse = require('dcmjs-dimse');

const { Client, Dataset } = dimse;
const { CFindRequest, NCreateRequest, NSetRequest } = dimse.requests;
const { Status } = dimse.constants;
const MPPS = '1.2.840.10008.3.1.2.3.3';
const SECONDS = 20;

dimse.log.setLevel('silent');

const LIST = ['AccessionNumber', 'PatientID', 'PatientName', 'StudyInstanceUID', 'RequestedProcedureID'];
const STEP = ['Modality', 'ScheduledStationAETitle', 'ScheduledProcedureStepStartDate', 'ScheduledProcedureStepStartTime'];

const empty = (keys) => Object.fromEntries(keys.map((key) => [key, '']));

const requests = {
  find: (task) => {
    const keys = { SpecificCharacterSet: 'ISO_IR 192', ...empty(LIST), ...task.keys };
    keys.ScheduledProcedureStepSequence = [empty(STEP)];
    const request = CFindRequest.createWorklistFindRequest({});
    request.setDataset(new Dataset({ ...request.getDataset().getElements(), ...keys })); // its own ask for Pregnancy Status 0
    return request;
  },
  create: (task) => withWords(new NCreateRequest(MPPS, task.uid), task),
  set: (task) => withWords(new NSetRequest(MPPS, task.uid), task),
};

function withWords(request, task) {
  request.setDataset(new Dataset(task.words));
  return request;
}

function perform(order, task) {
  return new Promise((resolve, reject) => {
    const client = new Client();
    const request = requests[task.verb](task);
    const said = { items: [], status: null };
    request.on('response', (response) => {
      if (response.getStatus() === Status.Pending) said.items.push(response.getDataset().getElements());
      else said.status = response.getStatus();
    });
    client.on('networkError', reject);
    client.on('associationRejected', (result) => reject(new Error(`refused: ${JSON.stringify(result)}`)));
    client.on('closed', () => resolve(said));
    client.addRequest(request);
    const limits = { connectTimeout: SECONDS * 1000, associationTimeout: SECONDS * 1000, pduTimeout: SECONDS * 1000 };
    client.send('127.0.0.1', order.port, order.ae_title, order.called, limits);
  });
}

async function main() {
  const order = JSON.parse(process.argv[2]);
  const said = [];
  for (const task of order.do) said.push(await perform(order, task));
  process.stdout.write(JSON.stringify(said));
}

main().catch((error) => {
  process.stderr.write(`${error.message || error}\n`);
  process.exit(1);
});
