import CUV
import Glibc
import Testing

@testable import UVLoop

/// Connections that come and go leave nothing behind. In processes of their own: descriptors and
/// memory are counted.
@Suite struct TransportLeakTests {
    @Test func connectionsLeaveNothingBehind() async {
        await #expect(processExitsWith: .success) {
            let total = 100_000
            try EventLoop.run { loop in
                let server = try loop.listen(onAddresses: .anyPortIPv4) { EchoProtocol() }
                let target = server.addresses[0]

                func round(_ loop: isolated EventLoop, _ count: Int) async throws {
                    var lost = 0
                    for number in 0..<count {
                        let recorder = number.isMultiple(of: 2) ? PlainRecorder() : nil
                        let client = recorder ?? PlainRecorder()
                        client.hooks[.connectionMade] = { try $0.transport.write("ping") }
                        client.hooks[.received] = { client in
                            // All ways to end, in turn; resets spare the system's waiting states.
                            switch number % 4 {
                            case 0: client.transport.close()
                            case 1: client.transport.writeEOF()
                            default:
                                try client.transport.write([UInt8](repeating: 1, count: 100))
                                client.transport.abort()
                            }
                        }
                        client.hooks[.connectionLost] = { _ in lost += 1 }
                        loop.connect(to: .address(target), client) { _ = try $0.get() }
                    }
                    try await until(loop) { lost == count && server.connectionCount == 0 }
                }

                func handles() -> Int {
                    var count = 0
                    loop.core.forEachUserHandle { _ in count += 1 }
                    return count
                }

                // What grows once, such as pools and buffers, has grown after this.
                for _ in 0..<40 { try await round(loop, 100) }
                let before = (openDescriptorCount(), handles(), residentByteCount())
                for _ in 0..<total / 100 { try await round(loop, 100) }
                #expect(openDescriptorCount() <= before.0)
                #expect(handles() == before.1)
                // 20 bytes for each: the smallest leak that there can be is larger.
                let growth = residentByteCount() - before.2
                #expect(growth < total * 20, "\(growth) bytes for \(total) connections")
                server.close()
                try await server.waitClosed()
            }
        }
    }

    @Test func queuedBytesAreGivenBackByAbort() async {
        await #expect(processExitsWith: .success) {
            try EventLoop.run { loop in
                let listener = try RawSocket.listener()
                let target = listener.localAddress

                func round(_ loop: isolated EventLoop) async throws {
                    let recorder = PlainRecorder()
                    let transport = try await loop.dial(recorder, to: .address(target))
                    let peer = try listener.accept()
                    for _ in 0..<20 {
                        let bytes = [UInt8](repeating: 1, count: 500_000)
                        try bytes.withUnsafeBytes { try transport.write($0) }
                        try transport.write(bytes)
                    }
                    await turns(loop, for: .zero)
                    try transport.write([UInt8](repeating: 1, count: 500_000))
                    transport.abort()
                    try await until(loop) { recorder.isLost }
                    peer.close()
                }

                for _ in 0..<5 { try await round(loop) }
                let before = residentByteCount()
                for _ in 0..<40 { try await round(loop) }
                // One round alone queues ten times as much.
                #expect(residentByteCount() - before < 40_000_000)
                listener.close()
            }
        }
    }

    @Test func aLoopThatClosesWithConnectionsLeavesNoDescriptor() async {
        await #expect(processExitsWith: .success) {
            func once() throws {
                try EventLoop.run { loop in
                    let server = try loop.listen(onAddresses: .anyPortIPv4) { EchoProtocol() }
                    for _ in 0..<20 {
                        let recorder = PlainRecorder()
                        recorder.hooks[.connectionMade] = {
                            try $0.transport.write([UInt8](repeating: 1, count: 1_000_000))
                            $0.transport.pauseReading()
                        }
                        _ = try await loop.dial(recorder, to: .address(server.addresses[0]))
                    }
                    await turns(loop, for: .milliseconds(60))
                }
            }
            try once()
            let before = openDescriptorCount()
            for _ in 0..<3 { try once() }
            #expect(openDescriptorCount() <= before)
        }
    }
}
