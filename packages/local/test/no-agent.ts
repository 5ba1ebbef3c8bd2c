export default { execute: 'nothing' };
