import Dispatch
import Glibc
import Testing

/// How many descriptors the process has open, but for those of Dispatch, which opens some whenever
/// it first needs them: only of use where nothing else runs.
func openDescriptorCount() -> Int {
    _ = dispatchHasBegun
    var target = [CChar](repeating: 0, count: 32)
    return (0..<4_096).count { descriptor in
        let length = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
        // One for each kind of clock.
        return length > 0 && target.prefix(length) != ArraySlice(timerDescriptor)
    }
}

private let timerDescriptor = "anon_inode:[timerfd]".utf8.map { CChar($0) }

/// Dispatch has what it needs for as long as it lives, but for clocks.
private let dispatchHasBegun: Void = {
    let fired = DispatchSemaphore(value: 0)
    DispatchQueue.global().asyncAfter(deadline: .now()) { fired.signal() }
    fired.wait()
}()

/// The process's resident memory in bytes.
func residentByteCount() -> Int {
    let descriptor = open("/proc/self/statm", O_RDONLY)
    precondition(descriptor >= 0)
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: 128)
    let count = text.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    let pages = String(decoding: text[..<count], as: UTF8.self).split(separator: " ")[1]
    return Int(pages)! * Int(sysconf(Int32(_SC_PAGESIZE)))
}

extension ExitTest.Result {
    /// What the child wrote to standard error; it has to be observed.
    var errorText: String { String(decoding: standardErrorContent, as: UTF8.self) }
}

/// The calling thread's name, as the system has it.
func threadName() -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
        buffer.initialize(repeating: 0)
        let descriptor = open("/proc/thread-self/comm", O_RDONLY)
        precondition(descriptor >= 0)
        defer { close(descriptor) }
        let count = read(descriptor, buffer.baseAddress, buffer.count - 1)
        // A line feed ends it.
        if count > 0 { buffer[count - 1] = 0 }
        return String(cString: buffer.baseAddress!)
    }
}

/// How many times the process has called `read`.
func readCallCount() -> Int {
    let descriptor = open("/proc/self/io", O_RDONLY)
    precondition(descriptor >= 0)
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: 512)
    let count = text.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    let fields = String(decoding: text[..<count], as: UTF8.self).split(
        whereSeparator: \.isWhitespace)
    return Int(fields[fields.firstIndex(of: "syscr:")! + 1])!
}
