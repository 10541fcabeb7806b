import Testing

@testable import UVLoop

/// The callbacks of a datagram protocol, as what tests hook into.
enum DatagramCallback: String, CaseIterable, Sendable {
    case connectionMade, datagramReceived, truncatedDatagramReceived, errorReceived
    case pauseWriting, resumeWriting, connectionLost
}

/// Records what a datagram protocol hears, and does what a test wants done inside its callbacks.
final class DatagramRecorder: DatagramProtocol {
    private(set) var events: [DatagramCallback] = []
    private(set) var datagrams: [Datagram] = []
    /// Where the bytes of each datagram were.
    private(set) var places: [UInt] = []
    private(set) var errors: [UVError] = []
    private(set) var lostError: (any Error)?
    private(set) var transport: DatagramTransport!
    var hooks: [DatagramCallback: (DatagramRecorder) throws -> Void] = [:]

    var texts: [String] { datagrams.map { String(decoding: $0.bytes, as: UTF8.self) } }
    var isLost: Bool { events.contains(.connectionLost) }
    func count(of callback: DatagramCallback) -> Int { events.count { $0 == callback } }

    /// What must hold for every protocol at the end of every socket.
    var livedByTheRules: Bool {
        events.first == .connectionMade && count(of: .connectionMade) == 1
            && events.last == .connectionLost && count(of: .connectionLost) == 1 && alternates
    }

    /// Whether pauses and resumes alternate, beginning with a pause.
    var alternates: Bool {
        events.filter { $0 == .pauseWriting || $0 == .resumeWriting }.enumerated()
            .allSatisfy { ($1 == .pauseWriting) == $0.isMultiple(of: 2) }
    }

    private func note(_ callback: DatagramCallback) throws {
        events.append(callback)
        try hooks[callback]?(self)
    }

    private func keep(_ bytes: RawSpan, _ sender: SocketAddress, isTruncated: Bool) {
        bytes.withUnsafeBytes { places.append(UInt(bitPattern: $0.baseAddress)) }
        datagrams.append(Datagram([UInt8](bytes), from: sender, isTruncated: isTruncated))
    }

    func connectionMade(_ transport: DatagramTransport) throws {
        self.transport = transport
        try note(.connectionMade)
    }

    func datagramReceived(_ bytes: RawSpan, from sender: SocketAddress) throws {
        keep(bytes, sender, isTruncated: false)
        try note(.datagramReceived)
    }

    func truncatedDatagramReceived(_ bytes: RawSpan, from sender: SocketAddress) throws {
        keep(bytes, sender, isTruncated: true)
        try note(.truncatedDatagramReceived)
    }

    func errorReceived(_ error: UVError) throws {
        errors.append(error)
        try note(.errorReceived)
    }

    func pauseWriting() throws { try note(.pauseWriting) }

    func resumeWriting() throws { try note(.resumeWriting) }

    func connectionLost(_ error: (any Error)?) throws {
        lostError = error
        try note(.connectionLost)
    }
}

/// Sends every datagram back to where it came from.
final class DatagramEcho: DatagramProtocol {
    private unowned var transport: DatagramTransport!
    func connectionMade(_ transport: DatagramTransport) { self.transport = transport }
    func datagramReceived(_ bytes: RawSpan, from sender: SocketAddress) throws {
        try transport.send(bytes, to: sender)
    }
}

extension EventLoop {
    /// Opens one end of a pair for a protocol; the other end is the raw one.
    nonisolated func openPaired(
        _ newProtocol: some DatagramProtocol
    ) throws -> (DatagramTransport, RawDatagramSocket) {
        let (peer, descriptor) = try RawDatagramSocket.pair()
        // Addresses that look like some: such sockets have none.
        let transport = try DatagramTransport.adopt(
            self, descriptor: descriptor, local: .anyPortIPv4, peer: .anyPortIPv4,
            madeAt: SourcePlace(file: #fileID, line: #line))
        transport.begin(newProtocol)
        return (transport, peer)
    }
}

extension DatagramTransport {
    /// Sends numbered datagrams until some are queued; returns how many there are in all. As if
    /// each were sent in a turn of its own: only the system is to be what has no room.
    func sendUntilQueued(_ queued: Int = 1) throws -> Int {
        var count = 0
        while bufferedDatagramCount < queued {
            loop.core.epoch &+= 1
            try send("\(count)")
            count += 1
        }
        return count
    }
}
