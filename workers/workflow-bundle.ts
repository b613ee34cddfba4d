import { fileURLToPath } from 'node:url';

/** Where the build puts the workflows, bundled for the workers. */
export const workflowBundlePath = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
