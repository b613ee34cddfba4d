import { expect } from '@jest/globals';
import { execa } from 'execa';
import { nixTest, parse } from './nix.js';

nixTest('nix', 'every Nix file of the repository is Nix', async () => {
  const { stdout } = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.nix']);
  const files = stdout.split('\n').filter(Boolean);
  expect(files.length).toBeGreaterThan(20);
  const faults: string[] = [];
  for (const file of files) await parse(file).catch((error: Error) => faults.push(error.message));
  expect(faults).toEqual([]);
});
