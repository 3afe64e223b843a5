export default async function tearDown() {
  for (const end of globalThis.endTestRun ?? []) await end();
}
