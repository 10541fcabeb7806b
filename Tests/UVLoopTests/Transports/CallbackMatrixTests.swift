import Testing

@testable import UVLoop

/// Everything that a protocol may do, inside every callback that it may do it in.
@Suite(.timeLimit(.minutes(1)))
struct CallbackMatrixTests {
    enum Action: CaseIterable {
        case nothing, close, abort, writeEOF, pauseReading, becomePlain, becomeBuffered
        case closeAndAbort, writeAndClose
    }

    struct Case: CustomTestStringConvertible, Sendable {
        let kind: ProtocolKind
        let callback: Callback
        let action: Action
        let fails: Bool

        var testDescription: String {
            "\(kind).\(callback): \(action)\(fails ? ", then throws" : "")"
        }

        static let all: [Case] = ProtocolKind.allCases.flatMap { kind in
            Callback.allCases.filter { kind == .buffered || $0 != .getBuffer }.flatMap { callback in
                Action.allCases.flatMap { action in
                    [false, true].map {
                        Case(kind: kind, callback: callback, action: action, fails: $0)
                    }
                }
            }
        }

        /// Whether an error of this callback ends the connection.
        var isFatal: Bool {
            switch callback {
            case .connectionMade, .getBuffer, .received, .eofReceived: fails
            case .connectionLost, .pauseWriting, .resumeWriting: false
            }
        }

        func act(_ recorder: Recorder, _ timeline: Timeline) throws {
            // The transport lives at least as long as the call.
            let transport = recorder.transport
            switch action {
            case .nothing: break
            case .close: transport.close()
            case .abort: transport.abort()
            case .writeEOF: transport.writeEOF()
            case .pauseReading:
                transport.pauseReading()
                transport.loop.callLater(.milliseconds(3)) { transport.resumeReading() }
            case .becomePlain: exchange(transport, PlainRecorder(), timeline)
            case .becomeBuffered: exchange(transport, BufferedRecorder(), timeline)
            case .closeAndAbort:
                transport.close()
                transport.abort()
                transport.close()
            case .writeAndClose:
                try? transport.write("bye")
                transport.close()
            }
            if fails { throw Mishap(testDescription) }
        }

        private func exchange(_ transport: Transport, _ next: Recorder, _ timeline: Timeline) {
            FullLife.instruct(next, timeline)
            transport.setRecorder(next)
            #expect(transport.currentProtocol === next)
        }
    }

    @Test(arguments: Case.all, Wire.allCases)
    func connectionIsLostOnceAndLast(_ item: Case, _ wire: Wire) async throws {
        try await onLoop { loop in
            let reports = Reports(loop)
            var life: FullLife? = FullLife(item.kind, at: item.callback) {
                try item.act($0, $1)
            }
            weak let recorder = life?.recorder
            try await life?.live(loop, over: wire)
            let timeline = life!.timeline
            #expect(timeline.count(of: item.callback) >= 1)
            #expect(timeline.count(of: .connectionMade) == 1)
            #expect(timeline.events.first == .connectionMade)
            #expect(timeline.count(of: .connectionLost) == 1)
            #expect(timeline.events.last == .connectionLost)
            #expect(timeline.count(of: .eofReceived) <= 1)
            #expect(timeline.alternates)
            #expect(reports.count(of: .protocolMethod(item.reportedName)) == (item.fails ? 1 : 0))
            #expect(reports.contexts.count == (item.fails ? 1 : 0))
            life = nil
            try await until(loop) { recorder == nil }
        }
    }

    /// The cases in which the connection's own protocol hears its end.
    @Test(arguments: Case.all.filter { ![.becomePlain, .becomeBuffered].contains($0.action) })
    func anErrorThatEndsTheConnectionComesBack(_ item: Case) async throws {
        try await onLoop { loop in
            let life = FullLife(item.kind, at: item.callback) { try item.act($0, $1) }
            try await life.live(loop)
            #expect(life.recorder.livedByTheRules)
            if item.isFatal, !item.endsBefore {
                #expect(life.recorder.lostError as? Mishap == Mishap(item.testDescription))
            } else {
                #expect(life.recorder.lostError == nil)
            }
        }
    }
}

extension CallbackMatrixTests.Case {
    /// Whether the connection has ended in order before the error comes.
    var endsBefore: Bool {
        switch action {
        case .abort, .closeAndAbort: true
        // With the peer's end reached and nothing queued, closing is all that is left to do.
        case .close, .writeAndClose: callback == .eofReceived
        default: false
        }
    }

    /// What the exception handler hears: the requirement as the protocol's kind names it, also if
    /// the callback has put one of the other kind in its place.
    var reportedName: String {
        guard callback == .received else { return callback.rawValue }
        return kind == .plain ? "dataReceived" : "bufferUpdated"
    }
}
