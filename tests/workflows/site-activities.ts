/* eslint-disable @typescript-eslint/require-await -- what the contract promises takes time; memory does not */
import type {
  ContainerActivities,
  GithubActivities,
  HostActivities,
  LogActivities,
  RegistrationActivities,
  RunnerEventActivities,
} from '../../activities/contract.js';
import type { Site } from './site.js';

type OnHost = ContainerActivities &
  RunnerEventActivities &
  RegistrationActivities &
  LogActivities &
  HostActivities;
type AtGithub = Pick<GithubActivities, 'watchRunners' | 'removeRunner'>;
export type ActivityName = keyof (OnHost & AtGithub);

/** What a host's worker does, done to a site. */
export function hostActivities(site: Site): OnHost {
  return {
    createContainer: async ({ name }) => {
      site.count('createContainer');
      site.containers.set(name, { state: 'down', events: { refused: [] }, handedOver: false });
      site.changed();
    },
    startContainer: async ({ name }) => {
      site.count('startContainer');
      if (site.boots) site.boot(name);
      const booted = await site.until('startContainer', () => site.container(name).events.booted);
      return { bootedAt: booted.at };
    },
    stopContainer: async ({ name }) => {
      site.count('stopContainer');
      const container = site.containers.get(name);
      if (!container) return;
      container.state = 'down';
      // The runner reports its job as cancelled before it ends.
      if (!site.stuck.has(site.runnerNameOf(name))) site.register(name, { busy: false, status: 'offline' });
      site.changed();
    },
    destroyContainer: async ({ name, reason }) => {
      site.count('destroyContainer');
      site.destroyed[name] = reason;
      site.containers.delete(name);
      site.changed();
    },
    keepLogs: async ({ name }) => {
      site.count('keepLogs');
      return site.containers.has(name) ? { path: `/logs/${name}.tar.gz`, bytes: 1 } : null;
    },
    awaitRunnerEvent: async ({ name, until }) => {
      site.count('awaitRunnerEvent');
      return await site.until('awaitRunnerEvent', () => {
        const { events } = site.container(name);
        return until.some((event) => events[event]) ? events : undefined;
      });
    },
    readRunnerEvents: async ({ name }) => {
      site.count('readRunnerEvents');
      const { events, handedOver } = site.container(name);
      return { ...events, handedOver };
    },
    registerRunner: async ({ name, runnerName }) => {
      site.count('registerRunner');
      const container = site.container(name);
      const runnerId = site.enlist(runnerName);
      container.handedOver = true;
      if (site.listens) site.listen(name);
      else site.changed();
      return { runnerId };
    },
    watchHost: async ({ previous }) => {
      site.count('watchHost');
      return await site.until('watchHost', () => {
        const { orphans, full } = site;
        const report = { at: site.now(), containers: site.look(), orphans, ...(full && { full }) };
        const isNews = JSON.stringify({ ...report, at: 0 }) !== JSON.stringify({ ...previous, at: 0 });
        return isNews ? report : undefined;
      });
    },
  };
}

/** What GitHub does, done to a site. */
export function githubActivities(site: Site): AtGithub {
  return {
    watchRunners: async ({ previous, once }) => {
      site.count('watchRunners');
      return await site.until('watchRunners', () => {
        const report = { at: site.now(), runners: site.list() };
        const isNews = once || JSON.stringify(report.runners) !== JSON.stringify(previous?.runners);
        return isNews ? report : undefined;
      });
    },
    removeRunner: async ({ runnerName }) => {
      site.count('removeRunner');
      const registration = site.registrations.get(runnerName);
      if (!registration) return 'gone';
      if (registration.busy || site.stuck.has(runnerName)) return 'busy';
      site.registrations.delete(runnerName);
      site.changed();
      return 'removed';
    },
  };
}
