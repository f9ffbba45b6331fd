import { describe, expect, it } from 'vitest'
import { parseNetwork } from './address.ts'
import { checkWebhookUrl } from './url.ts'

const home = parseNetwork('10.0.0.0/8')
const allowed = home === null ? [] : [home]
const codeOf = (text: string, networks = allowed): string => {
  try {
    return checkWebhookUrl(text, networks).href
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}

describe('checkWebhookUrl', () => {
  it.each(['https://hooks.example/driftless?token=a', 'https://hooks.example:8443/', 'https://93.184.216.34/', 'https://[2606:4700:4700::1111]/', 'https://10.1.2.3/', 'http://10.1.2.3:8080/', 'http://inside.example/'])('takes %s', (url) => expect(codeOf(url)).toBe(url))

  it.each([
    ['WEBHOOK_URL', ['', 'hooks.example', 'https://', 'https://1.2.3.999/', `https://hooks.example/${'x'.repeat(2_000)}`]],
    ['WEBHOOK_SCHEME', ['http://93.184.216.34/', 'http://192.168.0.1/', 'ftp://hooks.example/', 'file:///etc/passwd', 'javascript:alert(1)', 'gopher://10.1.2.3/', 'data:text/plain,a']],
    ['WEBHOOK_CREDENTIALS', ['https://user@hooks.example/', 'https://user:password@hooks.example/', 'https://:password@hooks.example/']],
    ['WEBHOOK_PORT', ['https://hooks.example:22/', 'https://hooks.example:25/', 'https://hooks.example:0/', 'https://hooks.example:1023/']],
    ['WEBHOOK_ADDRESS', [
      'https://127.0.0.1/', 'https://127.1/', 'https://0x7f000001/', 'https://2130706433/', 'https://017700000001/', 'https://0x7f.0.0.1/', 'https://0/', 'https://①②⑦.⓪.⓪.①/',
      'https://[::1]/', 'https://[::ffff:127.0.0.1]/', 'https://[::ffff:7f00:1]/', 'https://[64:ff9b::127.0.0.1]/', 'https://[fe80::1]/', 'https://[fd00:ec2::254]/',
      'https://192.168.1.1/', 'https://169.254.169.254/latest/meta-data', 'https://100.64.1.1/', 'https://localhost/', 'https://LOCALHOST:8443/', 'https://localhost./', 'https://a.localhost/', 'https://127.0.0.1./',
    ]],
  ])('refuses with %s', (code, urls) => {
    expect(urls.map((url) => [url, codeOf(url)])).toEqual(urls.map((url) => [url, code]))
  })

  it('takes plain http to no name unless a network of the provider is allowed', () => expect(codeOf('http://inside.example/', [])).toBe('WEBHOOK_SCHEME'))
})
