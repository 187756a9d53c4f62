import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import { simCommand } from '#/commands/sim.ts'

/** Runs the command until its servers are up, calls `whileUp` with their URLs, and stops them. Returns what was printed. */
async function run(args: readonly string[], whileUp: (urls: string[]) => Promise<void> = async () => {}): Promise<string> {
  let printed = ''
  const command = quiet(
    simCommand({
      write: (text) => void (printed += text),
      interrupted: () => whileUp([...printed.matchAll(/^ {2}(http:\S+)$/gm)].map(([, url]) => url!)),
    }),
  )
  await command.parseAsync(['--port', '0', ...args], { from: 'user' })
  return printed
}

/** Throws instead of ending the process. */
function quiet(command: Command): Command {
  return command.exitOverride().configureOutput({ writeErr: () => {} })
}

describe('headgate sim', () => {
  it('prints the addresses and a request to try, and stops its servers at the end', async () => {
    let urls: string[] = []
    const printed = await run(
      ['--replicas', '2', '--model', 'm', '--model', 'alias', '--lora', 'a', '--lora-replicas', '1'],
      async (up) => {
        urls = up
        const models = await Promise.all(up.map(async (url) => (await fetch(`${url}/v1/models`)).text()))
        assert.deepEqual(
          models.map((text) => [...text.matchAll(/"id":"(\w+)"/g)].map(([, id]) => id)),
          [
            ['m', 'alias', 'a'],
            ['m', 'alias'],
          ],
        )
      },
    )
    assert.equal(urls.length, 2)
    assert.match(printed, /^2 simulated vllm server\(s\) of m, Ctrl-C to stop\n/)
    assert.ok(printed.includes(`curl ${urls[0]}/v1/completions`))
    for (const url of urls) await assert.rejects(fetch(`${url}/health`))
  })

  it('sets the engine by preset and flags', async () => {
    await run(['--preset', 'qwen2.5-7b-a10g', '--kv-blocks', '100', '--block-size', '32', '--max-loras', '3'], async ([url]) => {
      const page = await (await fetch(`${url}/metrics`)).text()
      assert.match(page, /block_size="32",.*num_gpu_blocks="100"/)
      assert.match(page, /max_lora="3"/)
      // The context shrinks to what the cache holds.
      assert.match(await (await fetch(`${url}/v1/models`)).text(), /"max_model_len":3200/)
    })
  })

  it('injects the faults asked for', async () => {
    await run(['--faults', 'error=1'], async ([url]) => {
      const response = await fetch(`${url}/v1/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
      assert.equal(response.status, 500)
    })
  })

  it('explains wrong usage', async () => {
    await assert.rejects(run(['--preset', 'slow']), /unknown preset "slow"; there are: fast, llm-d-sim, qwen3-32b-2xh100, qwen2.5-7b-a10g/)
    await assert.rejects(run(['--faults', 'error=2']), /a share from 0 to 1 is expected/)
    await assert.rejects(run(['--replicas', '0']), /A whole number from 1 on/)
    await assert.rejects(run(['--speed', '0']), /A number above 0/)
    await assert.rejects(run(['--dialect', 'other']), /Allowed choices are vllm/)
    await assert.rejects(run(['--kv-blocks', '4', '--max-model-len', '100']), /less than one context of 100/)
    await assert.rejects(run(['--max-loras', '0', '--lora', 'a']), /no adapter slot/)
  })

  it('names the port that is taken and the flag that changes it', async () => {
    await run([], async ([url]) => {
      const port = new URL(url!).port
      await assert.rejects(run(['--port', port]), new RegExp(`port ${port} on 127.0.0.1 is taken; choose another with --port`))
    })
  })

  it('shows presets, faults and examples in its help', () => {
    let help = ''
    const command = simCommand().configureOutput({ writeOut: (text) => void (help += text) })
    command.outputHelp()
    for (const expected of ['qwen3-32b-2xh100', 'crash-after=N', 'headgate sim --replicas 8 --port 9000'])
      assert.ok(help.includes(expected), expected)
  })
})
