import CUV

/// What an address is called: the answer of ``EventLoop/lookUpName(of:flags:)``.
public struct HostName: Hashable, Sendable {
    /// The name of the host, or its address as text if it has none.
    public var host: String
    /// The name of the service, or the port as text if it has none.
    public var service: String

    /// A pair of names.
    public init(host: String, service: String) {
        self.host = host
        self.service = service
    }
}

/// What a look-up of an address's name is to do beside the usual: the `NI_…` flags of
/// `getnameinfo`.
public struct ReverseLookupFlags: OptionSet, Hashable, Sendable {
    /// The flags as bits; they are the library's own, not the system's.
    public let rawValue: Int

    /// Flags by their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The host as a numeric address, so that nobody is asked: `NI_NUMERICHOST`.
    public static let numericHost = ReverseLookupFlags(rawValue: 1)
    /// The service as a number: `NI_NUMERICSERV`.
    public static let numericService = ReverseLookupFlags(rawValue: 2)
    /// A host without a name is an error, ``UVError/unknownHost``: `NI_NAMEREQD`.
    public static let nameRequired = ReverseLookupFlags(rawValue: 4)
    /// Without the domain, for hosts of this machine's own: `NI_NOFQDN`.
    public static let withoutDomain = ReverseLookupFlags(rawValue: 8)
    /// The service is one for datagrams, not for streams: `NI_DGRAM`. A few names differ.
    public static let datagrams = ReverseLookupFlags(rawValue: 16)

    /// The address and port as text.
    public static let numeric: ReverseLookupFlags = [.numericHost, .numericService]

    var systemFlags: Int32 {
        let all: [(ReverseLookupFlags, Int32)] = [
            (.numericHost, NI_NUMERICHOST), (.numericService, NI_NUMERICSERV),
            (.nameRequired, NI_NAMEREQD), (.withoutDomain, NI_NOFQDN), (.datagrams, NI_DGRAM),
        ]
        return all.reduce(0) { contains($1.0) ? $0 | $1.1 : $0 }
    }

    /// The answer if nobody has to be asked.
    func numericName(of address: SocketAddress) -> HostName? {
        guard isSuperset(of: .numeric), !contains(.nameRequired), address.family != .unix else {
            return nil
        }
        return HostName(host: address.host, service: "\(address.port)")
    }
}
