import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEndpointUrl } from '#/fleet/discovery/endpoint-url.ts'

test('names, IPv4 and IPv6 addresses, with and without a port', () => {
  for (const [url, scheme, host, port, name] of [
    ['http://gpu-1.example:8000', 'http', 'gpu-1.example', 8000, 'gpu-1.example:8000'],
    ['http://GPU-1.example:8000/', 'http', 'gpu-1.example', 8000, 'gpu-1.example:8000'],
    ['http://10.0.0.7', 'http', '10.0.0.7', 80, '10.0.0.7:80'],
    ['https://10.0.0.7', 'https', '10.0.0.7', 443, '10.0.0.7:443'],
    ['http://[::1]:9000', 'http', '::1', 9000, '[::1]:9000'],
    ['https://[fd00:0:0::1]', 'https', 'fd00::1', 443, '[fd00::1]:443'],
  ] as const) {
    assert.deepEqual(parseEndpointUrl(url), { namespace: 'default', name, scheme, host, port, labels: {} })
  }
})

test('anything else is refused with what to write instead', () => {
  for (const [url, message] of [
    ['localhost:8000', /"localhost:8000" is no endpoint URL: it has no scheme\. Write http:\/\/localhost:8000$/],
    ['', /no scheme\. Write http:\/\/HOST:PORT$/],
    ['ftp://a', /the scheme is ftp\. Write http:\/\/ or https:\/\//],
    ['http://a:8000/v1', /it has the path \/v1, but requests bring their own.* Write http:\/\/a:8000$/],
    ['http://a:8000/v1/', /path \/v1\//],
    ['https://a?x=1', /a query or a fragment\. Write https:\/\/a$/],
    ['http://a/#x', /a query or a fragment/],
    ['http://user:secret@a:1', /has credentials, which are not passed on\. Write http:\/\/a:1$/],
    ['http://', /cannot be parsed/],
    ['http://::1:8000', /cannot be parsed.*IPv6 address in brackets/],
    ['http://a:99999', /cannot be parsed/],
    ['http://a:0', /the port is 0/],
  ] as const) {
    assert.throws(() => parseEndpointUrl(url), message)
  }
})
