import CUV
import Foundation
import UVLoop

/// Children that do nothing, one after the other: each is started, and its end is waited for. What
/// the children themselves use does not count.
enum Processes {
    private static let count = 100

    /// Measures while the process has 64 MiB in use besides what it needs.
    static func amidMemory(_ work: () throws -> Double) rethrows -> Double {
        let count = 64 << 20
        let memory = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: 1)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 1, count: count)
        return try work()
    }

    // MARK: The sides

    static func inC() -> Double {
        let loop = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
        uv_loop_init(loop)
        let process = UnsafeMutablePointer<uv_process_t>.allocate(capacity: 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        // As the other sides, which the child gets its three standard descriptors from.
        var containers = (0..<3 as Range<Int32>).map { descriptor in
            var container = uv_stdio_container_t()
            container.flags = UV_INHERIT_FD
            container.data.fd = descriptor
            return container
        }
        let result = arguments.withUnsafeMutableBufferPointer { arguments in
            containers.withUnsafeMutableBufferPointer { containers in
                cost(of: count) {
                    for _ in 0..<count {
                        var options = uv_process_options_t()
                        options.file = UnsafePointer(arguments[0])
                        options.args = arguments.baseAddress
                        options.stdio_count = 3
                        options.stdio = containers.baseAddress
                        options.exit_cb = { process, status, signal in
                            precondition(status == 0 && signal == 0)
                            let handle = UnsafeMutableRawPointer(process!)
                                .assumingMemoryBound(to: uv_handle_t.self)
                            uv_close(handle) { _ in }
                        }
                        let result = uv_spawn(loop, process, &options)
                        precondition(result == 0)
                        uv_run(loop, UV_RUN_DEFAULT)
                    }
                }
            }
        }
        free(arguments[0])
        uv_loop_close(loop)
        process.deallocate()
        loop.deallocate()
        return result
    }

    static func callbacks() throws -> Double {
        let loop = try EventLoop()
        let options = ProcessOptions("true")
        let result = try cost(of: count) {
            for _ in 0..<count {
                try loop.spawnProcess(options) { precondition($0.isSuccess) }
                try loop.run()
            }
        }
        try loop.close()
        return result
    }

    static func tasks() throws -> Double {
        try EventLoop.run { loop in
            let options = ProcessOptions("true")
            let start = processCPUTime()
            for _ in 0..<count {
                let status = try await loop.withProcess(options) { try await $0.waitForExit() }
                precondition(status.isSuccess)
            }
            return (processCPUTime() - start) / Double(count)
        }
    }

    /// Which looks for no program by its name.
    static func foundation() throws -> Double {
        let program = URL(fileURLWithPath: "/bin/true")
        return try cost(of: count) {
            for _ in 0..<count {
                let process = Process()
                process.executableURL = program
                try process.run()
                process.waitUntilExit()
                precondition(process.terminationStatus == 0)
            }
        }
    }
}
