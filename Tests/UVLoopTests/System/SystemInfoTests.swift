import CUV
import Glibc
import Testing

@testable import UVLoop

/// What libuv says of the machine, beside what others say.
@Suite struct SystemInfoTests {
    @Test func names() async throws {
        let name = try await ForeignProgram(python: "import socket; print(socket.gethostname())")
            .textToEnd()
        #expect(try SystemInfo.hostName == name)
        let system = try SystemInfo.operatingSystem
        let uname = try await ForeignProgram(python: "import os; print('|'.join(os.uname()))")
            .textToEnd().split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        #expect(
            [system.name, system.release, system.version, system.machine]
                == [uname[0], uname[2], uname[3], uname[4]])
    }

    @Test func times() throws {
        let upTime = try SystemInfo.upTime
        #expect(upTime > .zero)
        #expect(try SystemInfo.upTime >= upTime)
        let before = time(nil)
        let now = try SystemInfo.timeOfDay
        #expect(now >= .seconds(before) && now <= .seconds(time(nil) + 1))
        let load = SystemInfo.loadAverage
        #expect([load.oneMinute, load.fiveMinutes, load.fifteenMinutes].allSatisfy { $0 >= 0 })
    }

    @Test func memory() {
        #expect(SystemInfo.totalMemory > 1 << 20)
        #expect(SystemInfo.freeMemory > 0 && SystemInfo.freeMemory <= SystemInfo.totalMemory)
        if let limit = SystemInfo.constrainedMemory { #expect(limit > 0) }
    }

    @Test func processors() async throws {
        let processors = try SystemInfo.processors
        #expect(!processors.isEmpty && processors.allSatisfy { !$0.model.isEmpty })
        #expect(processors.allSatisfy { $0.megahertz >= 0 && $0.times.idle >= .zero })
        let count = try await ForeignProgram(
            python: "import os; print(len(os.sched_getaffinity(0)))"
        ).textToEnd()
        #expect(SystemInfo.availableParallelism == Int(count))
    }

    @Test func interfaces() throws {
        let loopback = try SystemInfo.interfaceAddresses.filter { $0.name == "lo" }
        let machine = try #require(loopback.first { $0.address.family == .ipv4 })
        #expect(machine.isInternal && machine.address.host == "127.0.0.1")
        #expect(machine.netmask.host == "255.0.0.0" && machine.address.port == 0)
        #expect(machine.hardwareAddress == [0, 0, 0, 0, 0, 0])
        let index = if_nametoindex("lo")
        #expect(try SystemInfo.interfaceName(index) == "lo")
        #expect(try SystemInfo.interfaceScope(index) == "lo")
        #expect(throws: UVError.noSuchAddressOrDevice) { try SystemInfo.interfaceName(.max) }
        #expect(throws: UVError.noSuchAddressOrDevice) { try SystemInfo.interfaceScope(.max) }
    }

    @Test func versions() {
        #expect(SystemInfo.libuvVersion.hasPrefix("\(SystemInfo.libuvVersionNumber >> 16)."))
    }

    @Test func randomBytes() async throws {
        #expect(try SystemInfo.randomBytes(0) == [])
        let (first, second) = (try SystemInfo.randomBytes(64), try SystemInfo.randomBytes(64))
        #expect(first.count == 64 && first != second)
        #expect(throws: UVError.invalidArgument) { try SystemInfo.randomBytes(-1) }
        try await onLoop { loop in
            #expect(try await loop.randomBytes(0) == [])
            let (first, second) = (
                try await loop.randomBytes(100_000), try await loop.randomBytes(100_000)
            )
            #expect(first.count == 100_000 && first != second)
            var answer: Result<[UInt8], UVError>?
            try loop.randomBytes(7) { answer = $0 }
            #expect(answer == nil)
            try await until(loop) { answer != nil }
            #expect(try answer?.get().count == 7)
            await #expect(throws: UVError.invalidArgument) { try await loop.randomBytes(-1) }
            await #expect(throws: UVError.argumentListTooLong) {
                try await loop.randomBytes(1 << 31)
            }
        }
        let thread = try EventLoopThread(name: "random")
        #expect(try await thread.loop.randomBytes(3).count == 3)
        await thread.shutdown()
        await #expect(throws: UVError.canceled) { try await thread.loop.randomBytes(3) }
    }

    /// A text that needs more room than is there at first, and one that never fits.
    @Test func longTexts() throws {
        let long = String(repeating: "x", count: 5_000)
        var calls = 0
        let copy = try text { buffer, size in
            calls += 1
            guard size.pointee > 5_000 else {
                size.pointee = 5_001
                return UVError.noBufferSpace.rawValue
            }
            strcpy(buffer, long)
            return 0
        }
        #expect(copy == long && calls == 2)
        #expect(throws: UVError.noBufferSpace) {
            try text { _, _ in UVError.noBufferSpace.rawValue }
        }
    }
}
