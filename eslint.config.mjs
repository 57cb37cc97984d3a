// The rules come from @nuxt/eslint, which writes .nuxt/eslint.config.mjs when Nuxt prepares; the code style is set in
// nuxt.config.ts (eslint.config.stylistic). What stands here is what this project sees differently.
import withNuxt from './.nuxt/eslint.config.mjs'

export default withNuxt(
  { name: 'project/generated', ignores: ['tests/.artifacts/**', 'server/database/types.ts'] },
  {
    name: 'project/style',
    rules: {
      '@stylistic/max-statements-per-line': ['error', { max: 2 }],
      '@stylistic/multiline-ternary': 'off',
      '@stylistic/quotes': ['error', 'single', { avoidEscape: true, allowTemplateLiterals: 'always' }],
      'nuxt/nuxt-config-keys-order': 'off',
    },
  },
  {
    name: 'project/templates',
    files: ['**/*.vue'],
    rules: { 'vue/max-attributes-per-line': 'off', 'vue/singleline-html-element-content-newline': 'off' },
  },
  {
    name: 'project/types',
    files: ['**/*.ts', '**/*.vue'],
    rules: { '@typescript-eslint/no-explicit-any': 'error', '@typescript-eslint/ban-ts-comment': 'error' },
  },
)
