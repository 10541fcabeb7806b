import Testing

@testable import UVLoop

/// The callbacks of a protocol, as what tests hook into.
enum Callback: String, CaseIterable, Sendable {
    case connectionMade, getBuffer, received, eofReceived, connectionLost
    case pauseWriting, resumeWriting
}

enum ProtocolKind: CaseIterable, Sendable {
    case plain, buffered
}

/// Records what a protocol hears, and does what a test wants done inside its callbacks.
class Recorder {
    private(set) var events: [Callback] = []
    private(set) var bytes: [UInt8] = []
    /// What the received pieces were, when `keepsBytes` is false.
    private(set) var byteCount = 0
    private(set) var pieces: [Int] = []
    private(set) var lostError: (any Error)?
    /// The transport, until the connection is lost.
    private(set) var liveTransport: Transport?
    /// Unlike `liveTransport` also afterwards, if the test wants to.
    var keptTransport: Transport?
    var keepsTransport = false
    var keepsBytes = true
    var keepsOpen = false
    var hooks: [Callback: (Recorder) throws -> Void] = [:]
    /// Called instead of handing out the recorder's own memory.
    var buffer: ((Recorder) throws -> UnsafeMutableRawBufferPointer)?
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    required init() {}

    deinit { memory.deallocate() }

    var transport: Transport { liveTransport! }
    var isMade: Bool { events.contains(.connectionMade) }
    var isLost: Bool { events.contains(.connectionLost) }
    var uvError: UVError? { lostError as? UVError }
    func count(of callback: Callback) -> Int { events.count { $0 == callback } }

    /// What must hold for every protocol at the end of every connection.
    var livedByTheRules: Bool {
        count(of: .connectionMade) <= 1 && count(of: .eofReceived) <= 1
            && count(of: .connectionLost) == 1 && events.last == .connectionLost
            && !pieces.contains(0) && alternates
    }

    /// Whether pauses and resumes alternate, beginning with a pause.
    var alternates: Bool {
        var isPaused = false
        for event in events where event == .pauseWriting || event == .resumeWriting {
            guard (event == .pauseWriting) != isPaused else { return false }
            isPaused.toggle()
        }
        return true
    }

    /// For one that takes over a living transport.
    func takeOver(_ transport: Transport) { liveTransport = transport }

    func note(_ callback: Callback) throws {
        events.append(callback)
        try hooks[callback]?(self)
    }

    func note(_ piece: UnsafeRawBufferPointer) throws {
        byteCount += piece.count
        pieces.append(piece.count)
        if keepsBytes { bytes += piece }
        try note(.received)
    }

    func connectionMade(_ transport: Transport) throws {
        liveTransport = transport
        if keepsTransport { keptTransport = transport }
        try note(.connectionMade)
    }

    func eofReceived() throws -> Bool {
        try note(.eofReceived)
        return keepsOpen
    }

    func connectionLost(_ error: (any Error)?) throws {
        lostError = error
        defer { liveTransport = nil }
        try note(.connectionLost)
    }

    func pauseWriting() throws { try note(.pauseWriting) }

    func resumeWriting() throws { try note(.resumeWriting) }

    func askedForBuffer() throws -> UnsafeMutableRawBufferPointer {
        try note(.getBuffer)
        return try buffer?(self) ?? memory
    }

    func filled(_ count: Int) throws {
        try note(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
}

final class PlainRecorder: Recorder, PlainProtocol {
    func dataReceived(_ data: RawSpan) throws { try data.withUnsafeBytes { try note($0) } }
}

final class BufferedRecorder: Recorder, BufferedProtocol {
    func getBuffer(sizeHint: Int) throws -> UnsafeMutableRawBufferPointer { try askedForBuffer() }
    func bufferUpdated(_ count: Int) throws { try filled(count) }
}

/// Returns every byte.
final class EchoProtocol: PlainProtocol {
    private var transport: Transport?
    func connectionMade(_ transport: Transport) { self.transport = transport }
    func dataReceived(_ data: RawSpan) throws { try transport?.write(data) }
    func connectionLost(_ error: (any Error)?) { transport = nil }
}

extension ProtocolKind {
    func newRecorder() -> Recorder {
        switch self {
        case .plain: PlainRecorder()
        case .buffered: BufferedRecorder()
        }
    }
}

extension Transport {
    func setRecorder(_ recorder: Recorder) {
        if let recorder = recorder as? PlainRecorder { setProtocol(recorder) }
        if let recorder = recorder as? BufferedRecorder { setProtocol(recorder) }
        recorder.takeOver(self)
    }
}

extension EventLoop {
    /// A server whose connections each get the recorder that the closure returns.
    nonisolated func serve(
        on addresses: SocketAddress = .anyPortIPv4, _ kind: ProtocolKind = .plain,
        _ options: ListenOptions = ListenOptions(), _ make: @escaping () throws -> Recorder
    ) throws -> TCPServer {
        switch kind {
        case .plain:
            try listen(onAddresses: addresses, options: options) {
                try make() as! PlainRecorder
            }
        case .buffered:
            try listen(onAddresses: addresses, options: options) {
                try make() as! BufferedRecorder
            }
        }
    }

    /// Serves one connection with the recorder, from a raw peer that is returned; the server
    /// ceases to listen.
    func accept(
        _ recorder: Recorder, on address: SocketAddress = .anyPortIPv4, receiveBuffer: Int? = nil
    ) async throws -> RawSocket {
        let kind = recorder is PlainRecorder ? ProtocolKind.plain : .buffered
        var isTaken = false
        let server = try serve(on: address, kind) {
            // A stranger, who wanted whoever had this port before.
            if isTaken { throw Mishap("stranger") }
            isTaken = true
            return recorder
        }
        let peer = try RawSocket.connect(to: server.addresses[0], receiveBuffer: receiveBuffer)
        try await until(self) { recorder.isMade }
        // No load is to make a peer look as if it did not answer.
        recorder.liveTransport?.closeTimeout = .seconds(50)
        server.close()
        return peer
    }

    /// Connects a recorder to an endpoint.
    func dial(
        _ recorder: Recorder, to endpoint: Endpoint, from local: SocketAddress? = nil
    ) async throws -> Transport {
        if let recorder = recorder as? PlainRecorder {
            return try await connect(to: endpoint, from: local, recorder)
        }
        return try await connect(to: endpoint, from: local, recorder as! BufferedRecorder)
    }
}
