import Glibc
import Report

/// A server as it takes part in a comparison: by its name alone, or with a loop for each core.
struct Participant {
    let name: String
    let contender: Contender
    let extraArguments: [String]

    init(_ name: String) {
        self.name = name
        if name.hasSuffix(ServerTitle.groupSuffix) {
            contender = Contender(name: String(name.dropLast(ServerTitle.groupSuffix.count)))
            extraArguments = ["--loops", String(Self.cores)]
        } else {
            contender = Contender(name: name)
            extraArguments = []
        }
    }

    static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
