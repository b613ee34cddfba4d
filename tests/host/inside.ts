import { existsSync, readlinkSync } from 'node:fs';

const marker = '/run/container-system';

/** Whether this process runs inside a test host. */
export const inTestHost = existsSync(marker);

/** Path of the system that containers are made from. */
export const containerSystem = () => readlinkSync(marker);
