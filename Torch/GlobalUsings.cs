global using System.Collections;
global using System.Globalization;
global using System.Numerics;
global using System.Runtime.CompilerServices;
global using System.Runtime.InteropServices;
global using System.Text;
global using GShard.Torch;
global using TorchSharp;
global using static TorchSharp.torch;
