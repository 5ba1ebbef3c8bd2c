import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The janitor's handler and all that it needs, in one file `index.mjs`; bundled without Docker. */
export function janitorCode(): Code {
  return Code.fromAsset(here, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: the local bundling below does it.
      image: DockerImage.fromRegistry('none'),
      local: {
        tryBundle: (folder) => {
          buildSync({
            stdin: { contents: "export { handler } from 'a2a-aws/janitor';", resolveDir: here },
            conditions: ['@a2a-aws/source'],
            outfile: `${folder}/index.mjs`,
            bundle: true,
            minify: true,
            keepNames: true,
            platform: 'node',
            target: 'node22',
            format: 'esm',
            // Some of the AWS SDK's dependencies are CommonJS.
            banner: {
              js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
            },
            logLevel: 'error',
          });
          return true;
        },
      },
    },
  });
}
