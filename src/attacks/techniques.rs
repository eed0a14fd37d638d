//! Techniques of MITRE's that attacks of this folder use, by the names that they have there.
//!
//! Source: the matrices of MITRE ATT&CK and MITRE ATLAS.

use super::{Matrix, Technique};

const fn attack(id: &'static str, name: &'static str) -> Technique {
    Technique { matrix: Matrix::Attack, id, name }
}

const fn atlas(id: &'static str, name: &'static str) -> Technique {
    Technique { matrix: Matrix::Atlas, id, name }
}

/// T1005.
pub const DATA_FROM_LOCAL_SYSTEM: Technique = attack("T1005", "Data from Local System");
/// T1027.
pub const OBFUSCATED_FILES_OR_INFORMATION: Technique =
    attack("T1027", "Obfuscated Files or Information");
/// T1036.008.
pub const MASQUERADE_FILE_TYPE: Technique = attack("T1036.008", "Masquerade File Type");
/// T1048.
pub const EXFILTRATION_OVER_ALTERNATIVE_PROTOCOL: Technique =
    attack("T1048", "Exfiltration Over Alternative Protocol");
/// T1048.003.
pub const EXFILTRATION_OVER_UNENCRYPTED_NON_C2_PROTOCOL: Technique =
    attack("T1048.003", "Exfiltration Over Unencrypted Non-C2 Protocol");
/// T1055.008.
pub const PTRACE_SYSTEM_CALLS: Technique = attack("T1055.008", "Ptrace System Calls");
/// T1059.004.
pub const UNIX_SHELL: Technique = attack("T1059.004", "Unix Shell");
/// T1059.006.
pub const PYTHON: Technique = attack("T1059.006", "Python");
/// T1070.004.
pub const FILE_DELETION: Technique = attack("T1070.004", "File Deletion");
/// T1071.004.
pub const DNS: Technique = attack("T1071.004", "DNS");
/// T1095.
pub const NON_APPLICATION_LAYER_PROTOCOL: Technique =
    attack("T1095", "Non-Application Layer Protocol");
/// T1082.
pub const SYSTEM_INFORMATION_DISCOVERY: Technique = attack("T1082", "System Information Discovery");
/// T1083.
pub const FILE_AND_DIRECTORY_DISCOVERY: Technique = attack("T1083", "File and Directory Discovery");
/// T1105.
pub const INGRESS_TOOL_TRANSFER: Technique = attack("T1105", "Ingress Tool Transfer");
/// T1106.
pub const NATIVE_API: Technique = attack("T1106", "Native API");
/// T1140.
pub const DEOBFUSCATE_DECODE_FILES_OR_INFORMATION: Technique =
    attack("T1140", "Deobfuscate/Decode Files or Information");
/// T1203.
pub const EXPLOITATION_FOR_CLIENT_EXECUTION: Technique =
    attack("T1203", "Exploitation for Client Execution");
/// T1222.002.
pub const LINUX_AND_MAC_FILE_AND_DIRECTORY_PERMISSIONS_MODIFICATION: Technique =
    attack("T1222.002", "Linux and Mac File and Directory Permissions Modification");
/// T1485.
pub const DATA_DESTRUCTION: Technique = attack("T1485", "Data Destruction");
/// T1489.
pub const SERVICE_STOP: Technique = attack("T1489", "Service Stop");
/// T1496.
pub const RESOURCE_HIJACKING: Technique = attack("T1496", "Resource Hijacking");
/// T1497.003.
pub const TIME_BASED_EVASION: Technique = attack("T1497.003", "Time Based Evasion");
/// T1499.
pub const ENDPOINT_DENIAL_OF_SERVICE: Technique = attack("T1499", "Endpoint Denial of Service");
/// T1499.001.
pub const OS_EXHAUSTION_FLOOD: Technique = attack("T1499.001", "OS Exhaustion Flood");
/// T1499.004.
pub const APPLICATION_OR_SYSTEM_EXPLOITATION: Technique =
    attack("T1499.004", "Application or System Exploitation");
/// T1546.004.
pub const UNIX_SHELL_CONFIGURATION_MODIFICATION: Technique =
    attack("T1546.004", "Unix Shell Configuration Modification");
/// T1546.018.
pub const PYTHON_STARTUP_HOOKS: Technique = attack("T1546.018", "Python Startup Hooks");
/// T1548.001.
pub const SETUID_AND_SETGID: Technique = attack("T1548.001", "Setuid and Setgid");
/// T1552.
pub const UNSECURED_CREDENTIALS: Technique = attack("T1552", "Unsecured Credentials");
/// T1552.004.
pub const PRIVATE_KEYS: Technique = attack("T1552.004", "Private Keys");
/// T1559.
pub const INTER_PROCESS_COMMUNICATION: Technique = attack("T1559", "Inter-Process Communication");
/// T1562.001.
pub const DISABLE_OR_MODIFY_TOOLS: Technique = attack("T1562.001", "Disable or Modify Tools");
/// T1565.001.
pub const STORED_DATA_MANIPULATION: Technique = attack("T1565.001", "Stored Data Manipulation");
/// T1574.
pub const HIJACK_EXECUTION_FLOW: Technique = attack("T1574", "Hijack Execution Flow");
/// T1611.
pub const ESCAPE_TO_HOST: Technique = attack("T1611", "Escape to Host");
/// T1620.
pub const REFLECTIVE_CODE_LOADING: Technique = attack("T1620", "Reflective Code Loading");
/// AML.T0010.003.
pub const ML_SUPPLY_CHAIN_COMPROMISE_MODEL: Technique =
    atlas("AML.T0010.003", "ML Supply Chain Compromise: Model");
/// AML.T0011.000.
pub const UNSAFE_ML_ARTIFACTS: Technique = atlas("AML.T0011.000", "Unsafe ML Artifacts");
/// AML.T0025.
pub const EXFILTRATION_VIA_CYBER_MEANS: Technique =
    atlas("AML.T0025", "Exfiltration via Cyber Means");
/// AML.T0031.
pub const ERODE_ML_MODEL_INTEGRITY: Technique = atlas("AML.T0031", "Erode ML Model Integrity");
