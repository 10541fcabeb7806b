import Testing
import UVLoop

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

// The code of README.md and of the articles: every `swift` block there occurs here or in an
// example, but for its indentation (`ReadmeTests` looks). So it compiles; and most of it is run.

@Suite struct Snippets {
    // MARK: Loops

    @Test func loopOfARun() throws {
        let order = try EventLoop.run { loop in
            var order: [String] = []
            loop.callSoon { order.append("second") }
            order.append("first")
            await Task.yield()
            return order
        }
        #expect(order == ["first", "second"])
    }

    @Test func loopOnAThread() async throws {
        let thread = try EventLoopThread(name: "io")
        try thread.loop.execute { loop in
            loop.callLater(.milliseconds(10)) { print("ten milliseconds later") }
        }
        let isThere = try await thread.loop.perform { loop in loop.isOnThread }
        await thread.shutdown()
        #expect(isThere)
    }

    @Test func loopByHand() throws {
        var hasFired = false
        let loop = try EventLoop()
        loop.callLater(.milliseconds(10)) { hasFired = true }
        try loop.run()  // returns when nothing is left that keeps it alive
        try loop.close()
        #expect(hasFired)
    }

    @Test func loopInsideAnother() throws {
        var hasFired = false
        let loop = try EventLoop()
        loop.callLater(.milliseconds(10)) { hasFired = true }
        try loop.run(.nonBlocking)  // once, so that the descriptor knows of everything
        while !hasFired {
            var watched = pollfd(fd: loop.backendDescriptor, events: Int16(POLLIN), revents: 0)
            let timeout = loop.nextTimeout.map { Int32($0 / .milliseconds(1)) + 1 }
            poll(&watched, 1, timeout ?? -1)
            try loop.run(.nonBlocking)
        }
        try loop.close()
    }

    actor Counter {
        private let loop: EventLoop
        private(set) var count = 0

        init(on loop: EventLoop) { self.loop = loop }

        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.unownedExecutor }

        func countLater() {
            loop.callLater(.milliseconds(1)) { self.count += 1 }
        }
    }

    @Test func actorOnALoop() throws {
        try EventLoop.run { loop in
            let counter = Counter(on: loop)
            await counter.countLater()
            while await counter.count == 0 { await Task.yield() }
        }
    }

    @Test func spawning() throws {
        let wasThere = try EventLoop.run { loop in
            let task = loop.spawn { loop in
                try await Task.sleep(for: .milliseconds(1))
                return loop.isOnThread
            }
            return try await task.value
        }
        #expect(wasThere)
    }

    @Test func preferringTheLoop() async throws {
        let thread = try EventLoopThread()
        let loop = thread.loop
        @concurrent func name(of number: Int) async throws -> String {
            #expect(loop.isOnThread)
            return "\(number)"
        }
        let names = try await withTaskExecutorPreference(loop.taskExecutor) {
            async let first = name(of: 1)
            async let second = name(of: 2)
            return try await [first, second]
        }
        #expect(names == ["1", "2"])
        await thread.shutdown()
    }

    // MARK: Timers

    @Test func timers() throws {
        var ticks = 0
        let loop = try EventLoop()
        let timer = Timer(loop) { ticks += 1 }
        timer.start(after: .milliseconds(2), repeating: .milliseconds(1))
        loop.callLater(.milliseconds(20)) { timer.stop() }
        try loop.run()
        try loop.close()
        #expect(ticks > 0)
    }

    /// Aborts a connection on which nothing has come for a time.
    final class IdleLimit: PlainProtocol {
        private static let limit = Duration.seconds(30)
        private var timer: Timer!

        func connectionMade(_ transport: Transport) {
            timer = Timer(transport.loop) { [unowned transport] in transport.abort() }
            timer.start(after: Self.limit, repeating: Self.limit)
        }

        func dataReceived(_ data: RawSpan) { timer.again() }

        func connectionLost(_ error: (any Error)?) { timer.stop() }
    }

    // MARK: Protocols

    /// Sends so many bytes, as fast as the peer takes them, then ends its side.
    final class Sender: PlainProtocol {
        private static let chunk = [UInt8](repeating: 0x55, count: 65_536)
        private unowned var transport: Transport!
        private var left: Int

        init(_ count: Int) { left = count }

        func connectionMade(_ transport: Transport) throws {
            self.transport = transport
            try send()
        }

        func resumeWriting() throws { try send() }

        private func send() throws {
            while left > 0, !transport.isWritingPaused, !transport.isClosed {
                let piece = Self.chunk.prefix(left)
                left -= piece.count
                try transport.write(piece)
            }
            if left == 0 { transport.writeEOF() }
        }

        func dataReceived(_ data: RawSpan) {}
    }

    /// Counts what comes; answers with the sum at the end of file, on the side that is still open.
    final class Counting: PlainProtocol {
        private unowned var transport: Transport!
        private var sum = 0

        func connectionMade(_ transport: Transport) { self.transport = transport }
        func dataReceived(_ data: RawSpan) { sum += data.byteCount }

        func eofReceived() throws -> Bool {
            try transport.writeAll(["received ", "\(sum)", "\n"])
            transport.close()
            return true
        }
    }

    /// Reads a greeting of eight bytes into memory of its own, then lets another take over.
    final class Greeting: BufferedProtocol {
        private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
        private var filled = 0
        private unowned var transport: Transport!

        deinit { memory.deallocate() }

        func connectionMade(_ transport: Transport) { self.transport = transport }

        func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
        }

        func bufferUpdated(_ count: Int) {
            filled += count
            if filled == memory.count { transport.setProtocol(Counting(greeted: transport)) }
        }
    }

    /// Answers every line with its length.
    final class Lines: BufferedProtocol {
        struct TooLong: Error {}

        private unowned var transport: Transport!

        func connectionMade(_ transport: Transport) { self.transport = transport }

        private var received = ReceiveBuffer()
        private var searched = 0

        func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { received.reserve(1) }

        func bufferUpdated(_ count: Int) throws {
            received.commit(count)
            while let end = received.firstIndex(of: UInt8(ascii: "\n"), from: searched) {
                try answer(received.take(end))
                received.removeFirst(1)
                searched = 0
            }
            searched = received.count
            if received.isFull { throw TooLong() }
        }

        private func answer(_ line: [UInt8]) throws { try transport.write("\(line.count)\n") }
    }

    /// What the client of the tests below hears.
    final class Answer: PlainProtocol {
        private(set) var text = ""
        private(set) var hasEnded = false
        private let first: String

        init(sending first: String) { self.first = first }

        func connectionMade(_ transport: Transport) throws {
            try transport.write(first)
            transport.writeEOF()
        }
        func dataReceived(_ data: RawSpan) {
            text += String(decoding: [UInt8](data), as: UTF8.self)
        }
        func connectionLost(_ error: (any Error)?) { hasEnded = error == nil }
    }

    @Test func takingOver() throws {
        let text = try EventLoop.run { loop in
            let answer = Answer(sending: "greeting, and more")
            let server = try await loop.listen(on: .ip("127.0.0.1", port: 0)) { Greeting() }
            _ = try await loop.connect(to: .ip("127.0.0.1", port: server.port), answer)
            while !answer.hasEnded { await Task.yield() }
            server.close()
            try await server.waitClosed()
            return answer.text
        }
        #expect(text == "received 10\n")
    }

    @Test func lines() throws {
        let text = try EventLoop.run { loop in
            let answer = Answer(sending: "one\n\nthree\nrest")
            let server = try await loop.listen(on: .ip("127.0.0.1", port: 0)) { Lines() }
            _ = try await loop.connect(to: .ip("127.0.0.1", port: server.port), answer)
            while !answer.hasEnded { await Task.yield() }
            server.close()
            try await server.waitClosed()
            return answer.text
        }
        #expect(text == "3\n0\n5\n")
    }

    @Test func sendingUnderBackPressure() throws {
        let sum = try EventLoop.run { loop in
            let server = try await loop.listen(on: .ip("127.0.0.1", port: 0)) { Counting() }
            let port = server.port
            let transport = try await loop.connect(
                to: .ip("127.0.0.1", port: port), Sender(5_000_000))
            server.close()
            try await server.waitClosed()
            return transport.sentByteCount
        }
        #expect(sum == 5_000_000)
    }

    @Test func connectingWithACallback() throws {
        let answer = Answer(sending: "12345")
        let loop = try EventLoop()
        let server = try loop.listen(onAddresses: SocketAddress(ip: "127.0.0.1", port: 0)) {
            Counting()
        }
        loop.connect(to: .address(server.addresses[0]), answer) { result in
            let transport = try result.get()
            print("connected to \(transport.remoteAddress!)")
            server.close()
        }
        try loop.run()
        try loop.close()
        #expect(answer.text == "received 5\n")
    }

    @Test func unixSockets() throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let path = directory.file("socket")
        let text = try EventLoop.run { loop in
            let answer = Answer(sending: "123")
            let server = try await loop.listen(on: .unix(path)) { Counting() }
            _ = try await loop.connect(to: .unix(path), answer)
            while !answer.hasEnded { await Task.yield() }
            server.close()
            try await server.waitClosed()
            return answer.text
        }
        #expect(text == "received 3\n")
    }

    /// Counts what comes out of a pipe.
    final class PipeCounter: PlainProtocol {
        private(set) var sum = 0
        private(set) var hasEnded = false
        func dataReceived(_ data: RawSpan) { sum += data.byteCount }
        func connectionLost(_ error: (any Error)?) { hasEnded = error == nil }
    }

    @Test func pipes() throws {
        let sum = try EventLoop.run { loop in
            let counter = PipeCounter()
            let pipe = try EventLoop.pipe()
            try loop.adopt(descriptor: pipe.reading, counter)
            try loop.adopt(descriptor: pipe.writing, Sender(1_000_000))
            while !counter.hasEnded { await Task.yield() }
            return counter.sum
        }
        #expect(sum == 1_000_000)
    }

    // MARK: Errors

    @Test func refusedConnection() throws {
        try EventLoop.run { loop in
            let server = try await loop.listen(on: .ip("127.0.0.1", port: 0)) { Counting() }
            let port = server.port
            server.close()
            do {
                _ = try await loop.connect(to: .ip("127.0.0.1", port: port), Counting())
            } catch let error as EndpointError where error.code == .connectionRefused {
                print(error)  // connect 127.0.0.1:…: ECONNREFUSED: connection refused
            }
        }
    }

    @Test func reports() throws {
        var reports: [String] = []
        struct Oops: Error {}
        let loop = try EventLoop()
        loop.isDebug = true
        loop.slowCallbackThreshold = .milliseconds(20)
        loop.exceptionHandler = { context in reports.append("\(context)") }
        loop.callSoon { throw Oops() }
        try loop.run()
        try loop.close()
        #expect(reports == ["error in callSoon callback: Oops()"])
    }
}

extension Snippets.Counting {
    /// Takes over a connection that stands already: it hears no `connectionMade`.
    convenience init(greeted transport: Transport) {
        self.init()
        connectionMade(transport)
    }
}
