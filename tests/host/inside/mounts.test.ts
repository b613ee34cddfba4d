import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { startedContainer, type Container } from '../container.js';
import { coverOut, makeMounts } from '../hostile-mounts.js';
import { describeOnTestHost } from '../on-test-host.js';
import { tracesOf } from '../traces.js';

jest.setTimeout(60_000);

const mountsOfTheHost = () => readFile('/proc/self/mountinfo', 'utf8');

describeOnTestHost('mounts that container root makes', () => {
  let attacker: Container;
  let other: Container;
  beforeAll(async () => {
    [attacker, other] = await Promise.all([startedContainer(), startedContainer()]);
  });
  afterAll(async () => {
    await Promise.all([attacker.destroy(), other.destroy()]);
  });

  it('show neither on the host nor in another container', async () => {
    const inOther = () => other.asRoot('cat /proc/1/mountinfo');
    const before = [await mountsOfTheHost(), await inOther()];
    const { output } = await attacker.asRoot(`${makeMounts}; ${coverOut}`);
    expect(output).toBe('tmpfs bind out-below overlay held out-covered');
    expect([await mountsOfTheHost(), await inOther()]).toEqual(before);
  });

  it('keep no event from the host that was written before them', async () => {
    expect(await attacker.read()).toEqual({
      booted: { at: expect.any(Number) },
      refused: [],
      handedOver: false,
    });
  });

  it('go with the container, and with the processes that hold them', async () => {
    expect(await tracesOf(attacker.name)).not.toEqual([]);
    await attacker.destroy();
    expect(await tracesOf(attacker.name)).toEqual([]);
  });
});
