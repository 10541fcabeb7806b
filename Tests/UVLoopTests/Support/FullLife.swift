import Testing

@testable import UVLoop

/// What every protocol of one connection heard, in order.
final class Timeline {
    private(set) var events: [Callback] = []
    func add(_ event: Callback) { events.append(event) }
    func count(of callback: Callback) -> Int { events.count { $0 == callback } }

    var alternates: Bool {
        let marks = events.filter { $0 == .pauseWriting || $0 == .resumeWriting }
        return marks.enumerated().allSatisfy { index, mark in
            mark == (index.isMultiple(of: 2) ? .pauseWriting : .resumeWriting)
        }
    }
}

/// Lets a connection live a life in which every callback comes at least once, and lets a test act
/// inside one of them.
struct FullLife {
    static let answerSize = 300_000

    let recorder: Recorder
    let timeline = Timeline()

    /// Begins with a recorder that acts the first time it hears `callback`.
    init(
        _ kind: ProtocolKind, at callback: Callback,
        _ action: @escaping (Recorder, Timeline) throws -> Void
    ) {
        recorder = kind.newRecorder()
        let timeline = timeline
        Self.instruct(recorder, timeline)
        let usual = recorder.hooks[callback]
        recorder.hooks[callback] = { recorder in
            try usual?(recorder)
            if recorder.count(of: callback) == 1 { try action(recorder, timeline) }
        }
    }

    /// What each of the connection's protocols does: the first bytes are answered with more than
    /// the marks allow.
    static func instruct(_ recorder: Recorder, _ timeline: Timeline) {
        for callback in Callback.allCases {
            recorder.hooks[callback] = { _ in timeline.add(callback) }
        }
        recorder.hooks[.connectionMade] = { recorder in
            timeline.add(.connectionMade)
            try recorder.transport.setSendBufferSize(4_096)
            try recorder.transport.setWriteBufferLimits(high: 10_000)
        }
        recorder.hooks[.received] = { recorder in
            timeline.add(.received)
            guard timeline.count(of: .received) == 1 else { return }
            // Refused once the writing side has ended: that is one of the cases.
            try? recorder.transport.write([UInt8](repeating: 1, count: answerSize))
        }
    }

    /// Lives it, to the end.
    func live(_ loop: isolated EventLoop, over wire: Wire = .tcp) async throws {
        let peer = try await loop.accept(recorder, on: wire.address, receiveBuffer: 4_096)
        try await offThread {
            // What fails here is what the action has done to the connection.
            try? peer.send("hello")
            _ = try? peer.receive(exactly: Self.answerSize)
            peer.endWriting()
            _ = try? peer.countToEnd()
            peer.close()
        }
        try await until(loop) { timeline.count(of: .connectionLost) > 0 }
        // What would come after the last call has its chance now.
        await turns(loop, for: .milliseconds(2))
        try await until(loop) { !loop.core.hasUserHandles }
    }
}
