import CUV
import Glibc
import Testing

@testable import UVLoop

@Suite(.timeLimit(.minutes(2))) struct RawDescriptorTests {
    @Test(arguments: Caller.allCases)
    func bothWays(_ caller: Caller) async throws {
        try await onLoop { loop in
            try await withRawPair { pair in
                let socket = RawDescriptor(pair.descriptor, on: loop)
                let bytes = pattern(3_000_000)
                async let echoed: Void = offThread {
                    let got = try pair.peer.receive(exactly: bytes.count)
                    try pair.peer.send(got)
                    pair.peer.endWriting()
                }
                try await caller.run(loop) {
                    try await socket.sendAll(bytes)
                    var got: [UInt8] = []
                    while true {
                        let piece = try await socket.receive(upTo: 100_000)
                        if piece.isEmpty { break }
                        got += piece
                    }
                    #expect(got == bytes)
                }
                try await echoed
            }
            try await until(loop) { loop.userHandleCount == 0 }
        }
    }

    /// One reader and one writer wait on the same descriptor.
    @Test func bothDirectionsAtOnce() async throws {
        try await onLoop { loop in
            try await withRawPair { pair in
                let socket = RawDescriptor(pair.descriptor, on: loop)
                let bytes = pattern(2_000_000)
                let sending = loop.spawn { _ in try await socket.sendAll(bytes) }
                let receiving = loop.spawn { _ in
                    let memory = UnsafeMutableRawBufferPointer.allocate(
                        byteCount: 5, alignment: 1)
                    defer { memory.deallocate() }
                    let count = try await socket.receive(into: memory)
                    return Array(memory[..<count])
                }
                try await until(loop) {
                    var events: [Poll.Events] = []
                    loop.core.forEachHandleObject {
                        if let poll = $0 as? Poll { events.append(poll.events) }
                    }
                    return events.contains(.readable) && events.contains(.writable)
                }
                try pair.peer.send("hello")
                #expect(try await receiving.value == Array("hello".utf8))
                let got = try await offThread { try pair.peer.receive(exactly: bytes.count) }
                #expect(got == bytes)
                try await sending.value
            }
        }
    }

    @Test func pipes() async throws {
        try await onLoop { loop in
            let (reading, writing) = makePipe()
            let waiting = loop.spawn { loop in
                try await RawDescriptor(reading, on: loop).receive(upTo: 10)
            }
            try await until(loop) { loop.hasActivePoll }
            let writer = RawDescriptor(writing, on: loop)
            try await writer.sendAll("pipe")
            #expect(try await waiting.value == Array("pipe".utf8))
            try await writer.sendAll("")
            close(reading)
            // A process that another test is just making may have the other end for a moment.
            var error: (any Error)?
            while error == nil { error = await failure { try await writer.sendAll("x") } }
            #expect(error as? UVError == .brokenPipe)
            close(writing)
        }
    }

    @Test(arguments: [Wire.tcp, .unix])
    func connecting(_ wire: Wire) async throws {
        try await onLoop { loop in
            let listening = try RawSocket.listener(wire.address)
            defer { listening.close() }
            let listener = RawDescriptor(listening.descriptor, on: loop)
            let accepting = loop.spawn { _ in try await listener.accept() }
            try await until(loop) { loop.hasActivePoll }
            let address = listening.localAddress
            let own = try UVError.check(cuv_stream_socket(address.systemFamily))
            defer { close(own) }
            let socket = RawDescriptor(own, on: loop)
            try await socket.connect(to: address)
            let (peer, _) = try await accepting.value
            defer { close(peer.descriptor) }
            try await socket.sendAll("ping")
            #expect(try await peer.receive(upTo: 100) == Array("ping".utf8))
            // Linux says once more that it has been connected, and from then on that it is.
            _ = await failure { try await socket.connect(to: address) }
            let again = await failure { try await socket.connect(to: address) }
            #expect((again as? EndpointError)?.code == .socketIsConnected)
        }
    }

    @Test func refused() async throws {
        try await onLoop { loop in
            let bound = try RawSocket.bound()
            defer { bound.close() }
            let own = try UVError.check(cuv_stream_socket(AF_INET))
            defer { close(own) }
            let error = await failure {
                try await RawDescriptor(own, on: loop).connect(to: bound.localAddress)
            }
            let found = error as? EndpointError
            #expect(found?.code == .connectionRefused)
            #expect(found?.endpoint == "\(bound.localAddress)")
        }
    }

    @Test func datagrams() async throws {
        try await onLoop { loop in
            func make() throws -> (RawDescriptor, SocketAddress) {
                let descriptor = socket(
                    AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                let address = SocketAddress.anyPortIPv4
                _ = address.withSockaddr { bind(descriptor, $0, $1) }
                return (
                    RawDescriptor(descriptor, on: loop),
                    try SocketAddress { cuv_local_address(descriptor, $0, $1) }
                )
            }
            let (one, oneAddress) = try make()
            let (other, otherAddress) = try make()
            defer {
                close(one.descriptor)
                close(other.descriptor)
            }
            let waiting = loop.spawn { _ in try await other.receiveDatagram() }
            try await until(loop) { loop.hasActivePoll }
            try await one.sendDatagram("first", to: otherAddress)
            let first = try await waiting.value
            #expect(first.bytes == Array("first".utf8) && first.sender == oneAddress)
            try await one.sendDatagram("", to: otherAddress)
            let empty = try await other.receiveDatagram()
            #expect(empty.bytes.isEmpty && !empty.isTruncated)
            try await one.sendDatagram("longer", to: otherAddress)
            let cut = try await other.receiveDatagram(upTo: 3)
            #expect(cut.bytes == Array("lon".utf8) && cut.isTruncated)
            try await one.sendDatagram("memory", to: otherAddress)
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4, alignment: 1)
            defer { memory.deallocate() }
            let received = try await other.receiveDatagram(into: memory)
            #expect(received.byteCount == 4 && received.isTruncated)
            #expect(received.sender == oneAddress && Array(memory) == Array("memo".utf8))
            let nowhere = await failure { try await one.sendDatagram("x") }
            #expect(nowhere as? UVError == .destinationAddressRequired)
            let large = await failure {
                try await one.sendDatagram(pattern(70_000), to: otherAddress)
            }
            #expect(large as? UVError == .messageTooLong)
        }
    }

    @Test func files() async throws {
        try await withDirectory { directory in
            let (path, bytes) = try directory.make("file", count: 2_500_000)
            try await onLoop { loop in
                try await withRawPair { pair in
                    let file = try openForReading(path)
                    defer { close(file) }
                    let socket = RawDescriptor(pair.descriptor, on: loop)
                    async let got = offThread { try pair.peer.receive(exactly: 2_499_900) }
                    let count = try await socket.sendFile(file, from: 100)
                    #expect(count == 2_499_900)
                    #expect(try await got == Array(bytes[100...]))
                    // From its own position, a part.
                    #expect(try await socket.sendFile(file, count: 10) == 10)
                    #expect(lseek(file, 0, SEEK_CUR) == 10)
                    #expect(try pair.peer.receive(exactly: 10) == Array(bytes[..<10]))
                    #expect(try await socket.sendFile(file, from: 9_000_000) == 0)
                    // One that cannot be sent, but read.
                    let (reading, writing) = makePipe()
                    try writeAll(Array("pipe".utf8), to: writing)
                    close(writing)
                    #expect(try await socket.sendFile(reading) == 4)
                    #expect(try pair.peer.receive(exactly: 4) == Array("pipe".utf8))
                    close(reading)
                    let folder = try openForReading(directory.path)
                    let error = await failure { try await socket.sendFile(folder) }
                    #expect(error as? UVError == .isDirectory)
                    close(folder)
                }
            }
        }
    }

    @Test func badDescriptors() async throws {
        try await onLoop { loop in
            let bad = RawDescriptor(-1, on: loop)
            let operations: [(RawDescriptor) async throws -> Void] = [
                { _ = try await $0.receive(upTo: 1) }, { try await $0.sendAll("x") },
                { _ = try await $0.accept() }, { _ = try await $0.receiveDatagram() },
                { try await $0.sendDatagram("x") }, { _ = try await $0.sendFile(0) },
            ]
            for operation in operations {
                let error = await failure { try await operation(bad) }
                #expect(error as? UVError == .badFileDescriptor)
            }
            let none = await failure { try await bad.receive(upTo: 0) }
            #expect(none as? UVError == .invalidArgument)
        }
    }

    /// In a process of its own: descriptors are counted.
    @Test func waitsThatAreCutOff() async {
        await #expect(processExitsWith: .success) {
            try await onLoop { loop in
                let pair = try RawPair()
                let file = try openForReading("/proc/self/exe")
                let socket = RawDescriptor(pair.descriptor, on: loop)
                // Full, so that sending waits.
                _ = RawSocket(descriptor: pair.descriptor).sendUntilFull()
                let before = openDescriptorCount()
                for number in 0..<500 {
                    let task = Task.detached(
                        executorPreference: number % 3 == 0 ? nil : loop.loopTaskExecutor
                    ) {
                        switch number % 4 {
                        case 0: _ = try await socket.receive(upTo: 10)
                        case 1: try await socket.sendAll("x")
                        case 2: _ = try await socket.sendFile(file)
                        default: _ = try await socket.receiveDatagram(timeout: .nanoseconds(1))
                        }
                    }
                    if number % 2 == 0 { await Task.yield() }
                    if number % 5 == 0 { try await loop.sleep(for: .microseconds(100)) }
                    task.cancel()
                    let error = await failure { try await task.value }
                    precondition(error != nil)
                }
                try await until(loop) {
                    loop.userHandleCount == 0 && openDescriptorCount() <= before
                }
            }
        }
    }
}
