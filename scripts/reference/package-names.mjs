import { Converter } from 'typedoc';

const NAMES = new Map([
  ['packages/a2a-aws/src', 'a2a-aws'],
  ['packages/a2a-aws/src/janitor/lambda-handler', 'a2a-aws/janitor'],
  ['packages/client/src', '@a2a-aws/client'],
  ['packages/client/src/node', '@a2a-aws/client/node'],
  ['packages/client/src/webhook', '@a2a-aws/client/webhook'],
  ['packages/local/src', '@a2a-aws/local'],
  ['infra/src', '@a2a-aws/infra'],
  ['packages/core/src', '@a2a-aws/core'],
  ['packages/dynamodb/src', '@a2a-aws/dynamodb'],
  ['packages/sns-sqs/src', '@a2a-aws/sns-sqs'],
  ['packages/testkit/src', '@a2a-aws/testkit'],
]);

/** A plugin of typedoc: modules have the names that a program imports, not those of folders. */
export function load({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      // Entry points are named after their paths, with or without the file's own name.
      module.name = NAMES.get(module.name.replace(/(\/index)?(\.ts)?$/, '')) ?? module.name;
    }
  });
}
