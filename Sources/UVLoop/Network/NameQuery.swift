import CUV

/// Which addresses a look-up is to find.
public enum LookupFamily: Hashable, Sendable {
    /// IPv4 and IPv6.
    case any
    /// IPv4 only.
    case ipv4
    /// IPv6 only.
    case ipv6
}

/// What a look-up of a name is to do beside the usual: the `AI_…` flags of `getaddrinfo`.
public struct LookupFlags: OptionSet, Hashable, Sendable {
    /// The flags as bits; they are the library's own, not the system's.
    public let rawValue: Int

    /// Flags by their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The host has to be a numeric address, and nobody is asked: `AI_NUMERICHOST`.
    public static let numericHost = LookupFlags(rawValue: 1)
    /// The service has to be a number: `AI_NUMERICSERV`.
    public static let numericService = LookupFlags(rawValue: 2)
    /// Only addresses of families that the machine has an address of itself: `AI_ADDRCONFIG`.
    public static let configuredFamilies = LookupFlags(rawValue: 4)
    /// With ``LookupFamily/ipv6``: IPv4 addresses as mapped ones (`::ffff:192.0.2.1`) if there are
    /// no others: `AI_V4MAPPED`.
    public static let mappedIPv4 = LookupFlags(rawValue: 8)
    /// With ``mappedIPv4``: mapped ones beside the others: `AI_ALL`.
    public static let all = LookupFlags(rawValue: 16)
    /// The service is one for datagrams, not for streams: `SOCK_DGRAM`. A few names differ.
    public static let datagrams = LookupFlags(rawValue: 32)
}

/// What the thread pool is asked about a name, and what the cache keeps the answer for.
struct NameQuery: Hashable {
    var host: String
    var service: String?
    var family = LookupFamily.any
    var flags: LookupFlags = []
    var wantsCanonicalName = false

    /// A look-up of an endpoint's host.
    init(_ host: String, socketType: Int32 = cuv_stream_type) {
        self.init(host, nil, .any, socketType == cuv_datagram_type ? .datagrams : [])
    }

    init(_ host: String, _ service: String?, _ family: LookupFamily, _ flags: LookupFlags) {
        self.host = host
        self.service = service
        self.family = family
        self.flags = flags
    }

    /// What C would read otherwise than it is written.
    func check() throws(UVError) {
        // getaddrinfo takes the empty name for none at all, and finds this machine.
        guard !host.isEmpty, !host.utf8.contains(0) else { throw .unknownHost }
        guard let service else { return }
        guard !service.isEmpty, !service.utf8.contains(0) else {
            throw .lookupServiceNotAvailable
        }
    }

    /// The address if the host is one and the service a number: nobody has to be asked.
    var numericAddress: SocketAddress? {
        guard !wantsCanonicalName, let port = numericPort,
            let address = try? SocketAddress(ip: host, port: port)
        else { return nil }
        switch family {
        case .any: return address
        case .ipv4: return address.family == .ipv4 ? address : nil
        case .ipv6: return address.family == .ipv6 ? address : nil
        }
    }

    private var numericPort: Int? {
        guard let service else { return 0 }
        // Int takes a sign as well.
        guard service.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return Int(service).flatMap { (0...65_535).contains($0) ? $0 : nil }
    }

    var hints: addrinfo {
        var hints = addrinfo()
        switch family {
        case .any: hints.ai_family = AF_UNSPEC
        case .ipv4: hints.ai_family = AF_INET
        case .ipv6: hints.ai_family = AF_INET6
        }
        hints.ai_socktype = flags.contains(.datagrams) ? cuv_datagram_type : cuv_stream_type
        let systemFlags: [(LookupFlags, Int32)] = [
            (.numericHost, AI_NUMERICHOST), (.numericService, AI_NUMERICSERV),
            (.configuredFamilies, AI_ADDRCONFIG), (.mappedIPv4, AI_V4MAPPED), (.all, AI_ALL),
        ]
        for (flag, systemFlag) in systemFlags where flags.contains(flag) {
            hints.ai_flags |= systemFlag
        }
        if wantsCanonicalName { hints.ai_flags |= AI_CANONNAME }
        return hints
    }
}

extension NameQuery: CustomStringConvertible {
    /// `localhost`, `localhost:https`.
    var description: String { service.map { "\(host):\($0)" } ?? host }
}
