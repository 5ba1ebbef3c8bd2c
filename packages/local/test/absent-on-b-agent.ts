import CountingExecutor from '../src/demo/counting-executor.ts';

/** A module that cannot be loaded by the cluster's second server. */
if (process.argv[2]?.includes('"name":"B"')) throw new Error('not on B');

export default new CountingExecutor();
