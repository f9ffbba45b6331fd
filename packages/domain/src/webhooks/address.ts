import ipaddr from 'ipaddr.js'

/** A network that may be reached although it is not public: an address and the length of its prefix. */
export type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number]

/** What the Internet's registries give to hosts. Everything else of IPv6 is local, reserved, or a tunnel to somewhere else. */
const GLOBAL_IPV6: Network = [ipaddr.parse('2000::'), 3]
/** IPv4 behind a provider's NAT64; the last four bytes say where it really goes. */
const NAT64: Network = [ipaddr.parse('64:ff9b::'), 96]

/** Clouds tell their machines' secrets here: these are out of bounds even inside an allowed network. The last is a public address. */
const METADATA: readonly Network[] = ['169.254.169.254/32', '169.254.170.2/32', '100.100.100.200/32', '192.0.0.192/32', 'fd00:ec2::254/128', 'fd20:ce::254/128', '168.63.129.16/32'].map((cidr) => ipaddr.parseCIDR(cidr))

/** `10.0.0.0/8` or one address; null when it is neither. */
export function parseNetwork(text: string): Network | null {
  if (ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)) return ipaddr.parseCIDR(text)
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null
  const address = ipaddr.parse(text)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

/**
 * Whether a connection to this address may be made: `PUBLIC`, one that hosts on the Internet have; `ALLOWED`, another that
 * lies in an allowed network; `REFUSED`, all the rest: private, loopback, link-local, shared, multicast, reserved, clouds'
 * metadata, whatever is no address, and IPv6 forms that lead to one of these.
 */
export function judgeAddress(text: string, allowed: readonly Network[]): 'PUBLIC' | 'ALLOWED' | 'REFUSED' {
  const address = destinationOf(text)
  if (address === null || METADATA.some((network) => isIn(address, network))) return 'REFUSED'
  if (allowed.some((network) => isIn(address, network))) return 'ALLOWED'
  const global = address.range() === 'unicast' && (address.kind() === 'ipv4' || isIn(address, GLOBAL_IPV6))
  return global ? 'PUBLIC' : 'REFUSED'
}

/** Where an address leads: an IPv4 address in IPv6's clothes is that IPv4 address. */
function destinationOf(text: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  // Only what a resolver and a parsed URL can say; a zone (fe80::1%eth0) is no address of the Internet.
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !(ipaddr.IPv6.isValid(text) && !text.includes('%'))) return null
  const address = ipaddr.process(text)
  return isIn(address, NAT64) ? ipaddr.fromByteArray(address.toByteArray().slice(-4)) : address
}

function isIn(address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: Network): boolean {
  if (address instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && address.match(network, bits)
  return network instanceof ipaddr.IPv6 && address.match(network, bits)
}
