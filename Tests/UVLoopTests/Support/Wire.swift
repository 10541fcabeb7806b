@testable import UVLoop

/// What the connections of a test go over.
enum Wire: CaseIterable, Sendable {
    case tcp, unix

    /// An address that the system completes when it is bound: by a port, or by an abstract name.
    var address: SocketAddress {
        switch self {
        case .tcp: .anyPortIPv4
        case .unix: .unnamed
        }
    }
}
