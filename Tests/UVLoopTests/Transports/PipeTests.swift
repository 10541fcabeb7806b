import CUV
import Foundation
import Testing

@testable import UVLoop

/// The two ends of pipes, which have one direction each.
@Suite(.timeLimit(.minutes(1)))
struct PipeTests {
    /// A pipe, or a FIFO with a name, both blocking.
    enum Kind: CaseIterable, Sendable {
        case pipe, fifo

        func open(_ directory: TemporaryDirectory) throws -> (reading: Int32, writing: Int32) {
            guard self == .fifo else { return try EventLoop.pipe() }
            let path = directory.file("fifo")
            try UVError.check(mkfifo(path, 0o600))
            // Without waiting for the other side; then as the one of a pipe.
            let reading = try UVError.check(Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC))
            let writing = try UVError.check(Glibc.open(path, O_WRONLY | O_CLOEXEC))
            _ = fcntl(reading, F_SETFL, fcntl(reading, F_GETFL) & ~O_NONBLOCK)
            return (reading, writing)
        }
    }

    /// Writes all of it from a thread.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 { throw UVError(errno: errno) }
            written += count
        }
    }

    private static func readToEnd(_ descriptor: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0 { throw UVError(errno: errno) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
    }

    private func onPipe(
        _ kind: Kind = .pipe,
        _ body:
            @escaping @Sendable (
                isolated EventLoop, (reading: Int32, writing: Int32)
            ) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let ends = try kind.open(directory)
        try await onLoop { loop in try await body(loop, ends) }
    }

    // MARK: The reading end

    @Test(arguments: Kind.allCases, ProtocolKind.allCases)
    func aReadingEndReceivesToTheEnd(_ kind: Kind, _ protocolKind: ProtocolKind) async throws {
        try await onPipe(kind) { loop, ends in
            let recorder = protocolKind.newRecorder()
            if let plain = recorder as? PlainRecorder {
                try loop.adopt(descriptor: ends.reading, plain)
            } else {
                try loop.adopt(descriptor: ends.reading, recorder as! BufferedRecorder)
            }
            #expect(recorder.isMade)
            #expect(recorder.transport.localAddress == nil)
            #expect(recorder.transport.remoteAddress == nil)
            var random = SeededGenerator(seed: 8)
            let sent = random.bytes(3_000_000)
            try await offThread {
                try Self.write(sent, to: ends.writing)
                cuv_close(ends.writing)
            }
            try await until(loop) { recorder.isLost }
            let isWhole = recorder.bytes == sent
            #expect(isWhole)
            #expect(recorder.count(of: .eofReceived) == 1)
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    @Test(arguments: [true, false])
    func theEndOfAReadingEndEndsIt(_ keepsOpen: Bool) async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            recorder.keepsOpen = keepsOpen
            try loop.adopt(descriptor: ends.reading, recorder)
            cuv_close(ends.writing)
            try await until(loop) { recorder.isLost }
            #expect(recorder.events == [.connectionMade, .eofReceived, .connectionLost])
            #expect(recorder.lostError == nil)
        }
    }

    @Test func aReadingEndRefusesToWrite() async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.reading, recorder)
            #expect(throws: UVError.notSupported) { try transport.write("text") }
            #expect(throws: UVError.notSupported) { try transport.write([]) }
            #expect(throws: UVError.notSupported) { try transport.writeAll(["text"]) }
            transport.writeEOF()
            await turns(loop, for: .milliseconds(2))
            #expect(!transport.isClosed && !recorder.isLost)
            try Self.write([1], to: ends.writing)
            try await until(loop) { recorder.byteCount == 1 }
            cuv_close(ends.writing)
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    /// There is nothing to wait for: the writer may go on for ever.
    @Test(arguments: [true, false])
    func closingAReadingEndIsImmediate(_ gracefully: Bool) async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.reading, recorder)
            transport.closeTimeout = .seconds(50)
            if gracefully { transport.close() } else { transport.abort() }
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil && recorder.count(of: .eofReceived) == 0)
            #expect(throws: UVError.brokenPipe) { try Self.write([1], to: ends.writing) }
            cuv_close(ends.writing)
        }
    }

    @Test func aPausedReadingEndWaitsAndNoticesTheEnd() async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            recorder.hooks[.connectionMade] = { $0.transport.pauseReading() }
            try loop.adopt(descriptor: ends.reading, recorder)
            try Self.write([1, 2, 3], to: ends.writing)
            try await until(loop) { recorder.transport.extras?.watch != nil }
            #expect(recorder.byteCount == 0)
            recorder.transport.resumeReading()
            try await until(loop) { recorder.byteCount == 3 }
            recorder.transport.pauseReading()
            cuv_close(ends.writing)
            try await until(loop) { recorder.isLost }
            #expect(recorder.count(of: .eofReceived) == 1)
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    /// A FIFO that nobody has opened for writing yet has not ended.
    @Test func aReaderMayBeThereFirst() async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        try await onLoop { loop in
            let path = directory.file("fifo")
            #expect(mkfifo(path, 0o600) == 0)
            let reading = Glibc.open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
            let recorder = PlainRecorder()
            try loop.adopt(descriptor: reading, recorder)
            await turns(loop, for: .milliseconds(5))
            #expect(recorder.events == [.connectionMade])
            try await offThread {
                let writing = Glibc.open(path, O_WRONLY | O_CLOEXEC)
                try Self.write([1, 2], to: writing)
                cuv_close(writing)
            }
            try await until(loop) { recorder.isLost }
            #expect(recorder.bytes == [1, 2] && recorder.lostError == nil)
        }
    }

    // MARK: The writing end

    /// Ways to end a writing end in order; each sends all that was written before.
    enum Ending: CaseIterable, Sendable { case close, writeEOF, both }

    @Test(arguments: Kind.allCases, Ending.allCases)
    func aWritingEndSendsAllAndThenTheEnd(_ kind: Kind, _ ending: Ending) async throws {
        try await onPipe(kind) { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.writing, recorder)
            var random = SeededGenerator(seed: 9)
            let sent = random.bytes(5_000_000)
            try transport.write(sent)
            #expect(transport.bufferedByteCount > 0)
            if ending != .close {
                transport.writeEOF()
                transport.writeEOF()
                #expect(!transport.isClosed)
                #expect(throws: UVError.shutDown) { try transport.write("more") }
            }
            if ending != .writeEOF { transport.close() }
            let received = try await offThread {
                defer { cuv_close(ends.reading) }
                return try Self.readToEnd(ends.reading)
            }
            let isWhole = received == sent
            #expect(isWhole)
            try await until(loop) { recorder.isLost }
            #expect(transport.sentByteCount == sent.count)
            #expect(recorder.count(of: .eofReceived) == 0)
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    @Test func aWritingEndWithoutAQueueEndsAtOnce() async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.writing, recorder)
            try transport.write("all")
            transport.writeEOF()
            let received = try await offThread { try Self.readToEnd(ends.reading) }
            #expect(received == Array("all".utf8))
            try await until(loop) { recorder.isLost }
            #expect(recorder.events == [.connectionMade, .connectionLost])
            #expect(recorder.lostError == nil)
            cuv_close(ends.reading)
        }
    }

    @Test func aWritingEndHasNothingToPause() async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.writing, recorder)
            transport.pauseReading()
            #expect(!transport.isReadingPaused)
            transport.resumeReading()
            #expect(transport.extras?.watch != nil, "the reader is still watched")
            cuv_close(ends.reading)
            try await until(loop) { recorder.isLost }
        }
    }

    @Test func backPressureIsThatOfSockets() async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.writing, recorder)
            let chunk = [UInt8](repeating: 1, count: 65_536)
            var written = 0
            var most = 0
            func writeOn() throws {
                while !transport.isWritingPaused {
                    try transport.write(chunk)
                    written += chunk.count
                    most = max(most, transport.bufferedByteCount)
                }
                if written > 13_000_000 { transport.close() }
            }
            recorder.hooks[.resumeWriting] = { _ in
                if !transport.isClosed { try writeOn() }
            }
            try writeOn()
            #expect(transport.isWritingPaused)
            let received = try await offThread { try Self.readToEnd(ends.reading).count }
            #expect(received == written && received > 13_000_000)
            #expect(most <= 65_536 + chunk.count)
            try await until(loop) { recorder.isLost }
            #expect(recorder.livedByTheRules)
            cuv_close(ends.reading)
        }
    }

    // MARK: A reader that goes

    @Test func aReaderThatHasReadAllAndGoesIsAnOrderlyEnd() async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.writing, recorder)
            try transport.write("all")
            try await offThread {
                var bytes: [UInt8] = [0, 0, 0]
                #expect(read(ends.reading, &bytes, 3) == 3)
                cuv_close(ends.reading)
            }
            // Nothing is written: it is noticed all the same.
            try await until(loop) { recorder.isLost }
            #expect(recorder.events == [.connectionMade, .connectionLost])
            #expect(recorder.lostError == nil)
        }
    }

    @Test(arguments: [1, 1_000_000])
    func aReaderThatLeavesBytesIsABrokenPipe(_ count: Int) async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.writing, recorder)
            try transport.write([UInt8](repeating: 1, count: count))
            cuv_close(ends.reading)
            try await until(loop) { recorder.isLost }
            #expect(recorder.uvError == .brokenPipe)
            #expect(recorder.livedByTheRules)
        }
    }

    @Test(arguments: [true, false])
    func writingToNobodyIsABrokenPipe(_ closes: Bool) async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.writing, recorder)
            cuv_close(ends.reading)
            // Not thrown, but told in connectionLost.
            try transport.write("anyone?")
            if closes { transport.close() }
            try await until(loop) { recorder.isLost }
            #expect(recorder.uvError == .brokenPipe)
            #expect(recorder.livedByTheRules)
        }
    }

    @Test func aReaderThatHasGoneBeforeIsNoticed() async throws {
        try await onPipe { loop, ends in
            cuv_close(ends.reading)
            let recorder = PlainRecorder()
            try loop.adopt(descriptor: ends.writing, recorder)
            #expect(recorder.isMade)
            try await until(loop) { recorder.isLost }
            #expect(recorder.lostError == nil && recorder.livedByTheRules)
        }
    }

    // MARK: Both ends

    @Test func bothEndsOnOneLoop() async throws {
        try await onPipe { loop, ends in
            let (source, sink) = (PlainRecorder(), BufferedRecorder())
            let writer = try loop.adopt(descriptor: ends.writing, source)
            try loop.adopt(descriptor: ends.reading, sink)
            for number in 0..<100 {
                try writer.write([UInt8](repeating: UInt8(number), count: 10_000))
            }
            writer.close()
            try await until(loop) { source.isLost && sink.isLost }
            #expect(sink.byteCount == 1_000_000)
            #expect(source.lostError == nil && sink.lostError == nil)
            #expect(source.livedByTheRules && sink.livedByTheRules)
        }
    }

    @Test func aLoopThatClosesEndsThem() async throws {
        let ends = try EventLoop.pipe()
        // The loop ends with the closure: what the protocols hear is told there.
        let lost = Counter()
        try await onLoop { loop in
            for descriptor in [ends.reading, ends.writing] {
                let recorder = PlainRecorder()
                recorder.hooks[.connectionLost] = { _ in lost.increment() }
                try loop.adopt(descriptor: descriptor, recorder)
            }
        }
        #expect(lost.value == 2)
    }

    @Test func optionsOfSocketsAreRefused() async throws {
        try await onPipe { loop, ends in
            let recorder = PlainRecorder()
            let transport = try loop.adopt(descriptor: ends.reading, recorder)
            #expect(throws: UVError.notSupported) { try transport.setNoDelay(true) }
            #expect(throws: UVError.notSupported) { try transport.setKeepAlive(after: nil) }
            #expect(throws: UVError.notSocket) { try transport.setSendBufferSize(4_096) }
            #expect(throws: UVError.notSocket) {
                try transport.socketOption(level: Int(SOL_SOCKET), name: Int(SO_ERROR))
            }
            #expect(try transport.fileDescriptor == ends.reading)
            cuv_close(ends.writing)
            try await until(loop) { recorder.isLost }
        }
    }
}
