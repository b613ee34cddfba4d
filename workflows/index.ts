export { demandWorkflow } from './demand.js';
export { poolWorkflow } from './pool.js';
export { runnerWorkflow } from './runner.js';
