import { orderFault, orderNames } from './orders.js';

// Evaluated once a worker, before any workflow, shared by all and frozen: zod alone takes tens of milliseconds. Each
// schema is used once, because the first use completes it.
for (const name of orderNames()) orderFault(name, {});
